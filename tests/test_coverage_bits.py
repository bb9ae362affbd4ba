"""Bits that the values of a tensor have needed, as coverage tells them."""

import pytest

from codesign.graph import TensorType
from codesign.verification.coverage import _bits


@pytest.mark.parametrize(
    ("kind", "span", "bits"),
    [
        (TensorType((1, 1, 1), 0, 255), (0, 3), 2),
        (TensorType((1, 1, 1), 0, 255), (200, 201), 8),
        (TensorType((1, 1, 1), -128, 127), (-3, 5), 4),
        (TensorType((1, 1, 1), -128, 127), (2, 5), 4),  # its sign is there, though nothing was negative
        (TensorType((1, 1, 1), -1, 1, step=2), (-1, 1), 1),
        (TensorType((1, 1, 1), -15, 15, step=2), (-15, -7), 3),
    ],
)
def test_bits_are_those_of_the_values_that_came(kind, span, bits):
    assert _bits(kind, span) == bits
