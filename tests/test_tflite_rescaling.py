"""TFLite's fixed-point requantization, against its C++ written out in Python's integers, and as thresholds."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.tflite.fixed_point import multiplied, multipliers, rounded_once, rounded_twice
from codesign.frontend.tflite.rescaling import Code, average, rescaled
from codesign.graph import TensorType
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold


def truncated(a: int, b: int) -> int:
    """C++'s division."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def tflite(x: int, mantissa: int, exponent: int) -> int:
    """MultiplyByQuantizedMultiplier of tensorflow/lite/kernels/internal/common.h, on gemmlowp's two roundings."""
    product = (x << max(exponent, 0)) * mantissa
    high = truncated(product + (1 << 30 if product >= 0 else 1 - (1 << 30)), 1 << 31)
    shift = max(-exponent, 0)
    mask = (1 << shift) - 1
    return (high >> shift) + ((high & mask) > (mask >> 1) + (high < 0))


FACTORS = [0.5, 0.25, 2.0**-9, 0.0003921568, 0.00784313725490196, 0.7499999, 1.0, 3.7, 1e-8, 1 - 2.0**-40]


@pytest.mark.parametrize("factor", FACTORS)
def test_sums_are_rounded_as_tflite_rounds_them(factor: float) -> None:
    by = multipliers([factor])
    reach = (1 << 31) - 1 >> max(int(by.exponent[0]), 0)
    near = np.arange(-3000, 3000)
    spread = np.random.default_rng(0).integers(-reach, reach, 3000, endpoint=True)
    sums = np.concatenate([near, spread, [-reach, reach]])
    expected = [tflite(x, int(by.mantissa[0]), int(by.exponent[0])) for x in sums.tolist()]
    assert multiplied(sums[:, None], by)[:, 0].tolist() == expected


@pytest.mark.parametrize("factor", [0.5, 2.0**-9, 0.0003921568, 0.7499999, 1.0, 1e-8])
def test_a_sum_that_is_rounded_once_rounds_its_product_in_float64_away_from_zero(factor: float) -> None:
    sums = np.concatenate([np.arange(-3000, 3000), np.random.default_rng(0).integers(-(1 << 31), 1 << 31, 3000)])
    expected = [int(math.copysign(math.floor(Fraction(abs(x * factor)) + Fraction(1, 2)), x)) for x in sums.tolist()]
    assert rounded_once([factor])(sums[:, None])[:, 0].tolist() == expected


def test_rounding_once_or_twice_makes_different_steps() -> None:
    kind, code = TensorType((1, 1, 1), -1000, 1000), Code(0.1, 0)
    sums, ways = np.full((1, 1, 1, 1), -1, np.int32), (rounded_twice([0.5]), rounded_once([0.5]))
    found = [rescaled(kind, how, code).execute(sums)[0].item() for how in ways]
    assert found == [0, -1]


def test_a_mantissa_that_rounds_up_to_one_takes_the_next_exponent() -> None:
    by = multipliers([1 - 2.0**-40])
    assert (by.mantissa[0], by.exponent[0]) == (1 << 30, 1)


def test_a_factor_below_the_smallest_shift_is_zero() -> None:
    assert multiplied(np.array([[1 << 30]]), multipliers([2.0**-40])) == 0


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf"), 2.0**40])
def test_a_factor_that_tflite_cannot_hold_is_refused(factor: float) -> None:
    with pytest.raises(GraphError, match="rescales by"):
        multipliers([factor])


def test_a_sum_that_overflows_in_tflite_is_refused() -> None:
    with pytest.raises(GraphError, match="overflows"):
        multiplied(np.array([[1 << 30]]), multipliers([3.0]))


def steps_of(op: Threshold | Rescale | Lookup) -> NDArray[np.int64]:
    """(6, K): sums at which its six channels step."""
    if isinstance(op, Rescale):
        return op.thresholds(np.arange(op.lo + 1, op.hi + 1))[0]
    assert isinstance(op, Threshold)
    return np.broadcast_to(op.thresholds, (6, op.steps)).astype(np.int64)


@pytest.mark.parametrize("zero", [-128, 0, 5])
@pytest.mark.parametrize("reach", [700, 1 << 17, (1 << 31) - 2])
def test_thresholds_are_tflites_on_both_sides_of_every_step(reach: int, zero: int) -> None:
    factors = np.random.default_rng(1).uniform(0.3, 300, 6) / reach
    by, code = multipliers(factors.tolist()), Code(0.1, zero)
    op = rescaled(TensorType((6, 1, 1), -reach, reach), rounded_twice(factors.tolist()), code)
    for channel, row in enumerate(steps_of(op)):
        near = np.concatenate([row - 1, row, row + 1, [-reach, 0, reach]], dtype=np.int64)
        edges = np.unique(np.clip(near, -reach, reach))
        sums = np.zeros((len(edges), 6, 1, 1), np.int32)
        sums[:, channel, 0, 0] = edges
        found = op.execute(sums)[0][:, channel, 0, 0] + zero
        m, e = int(by.mantissa[channel]), int(by.exponent[channel])
        assert found.tolist() == [min(max(tflite(x, m, e) + zero, -128), 127) for x in edges.tolist()]


@pytest.mark.parametrize("zero", [-128, -3, 0, 40])
@pytest.mark.parametrize("count", [1, 4, 9, 49, 125])
def test_an_average_rounds_halves_away_from_code_0(count: int, zero: int) -> None:
    lo, hi = (-128 - zero) * count, (127 - zero) * count
    op = average(TensorType((1, 1, 1), lo, hi), count, Code(0.1, zero))
    sums = np.arange(lo, hi + 1)
    found = op.execute(sums.astype(np.int32)[:, None, None, None])[0].ravel() + zero
    codes = (sums + count * zero).tolist()
    assert found.tolist() == [truncated(s + count // 2 if s > 0 else s - count // 2, count) for s in codes]


def test_a_fused_activation_narrows_the_result() -> None:
    op = rescaled(TensorType((1, 1, 1), -1000, 1000), rounded_twice([0.25]), Code(0.1, -10, lo=-10, hi=50))
    (found,) = op.execute(np.array([-1000, -1, 0, 100, 1000], np.int32)[:, None, None, None])
    assert found.ravel().tolist() == [0, 0, 0, 25, 60]
