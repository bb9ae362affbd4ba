"""Patches that agree with the weights of an output in every bit, and in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, _filters


def frames(op: BinaryConv, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _filters.of_op(op, inputs[0], rng)
