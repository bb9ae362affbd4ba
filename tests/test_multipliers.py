"""The shortest multiplier that gives a step function: exact at every sum, and none is shorter."""

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.frontend.multipliers import MOST_COMPARED, multiplied, stepped
from codesign.graph import TensorType
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold


def steps_of(values, x, lo, count):
    """Rows (C, K) and signs of functions `values` (N, C) of the integers x (N,), which rise or fall."""
    sign = np.where(values[-1] < values[0], -1, 1)
    rows = np.empty((values.shape[1], count), np.int64)
    for channel, falls in enumerate(sign):
        rising, at = (values[:, channel], x) if falls > 0 else (values[::-1, channel], -x[::-1])
        places = np.searchsorted(rising, lo + np.arange(1, count + 1))
        rows[channel] = np.append(at, at[-1] + 1)[places]
    return rows, sign


def affine(seed):
    """A quantizer of any scales and offsets in float32, its function and its steps."""
    rng = np.random.default_rng(seed)
    first, last = sorted(rng.integers(-2000, 2000, 2).tolist())
    x, channels = np.arange(first, last + 2), int(rng.integers(1, 5))
    kind = TensorType((channels, 1, 1), first, last + 1)
    lo, count = int(rng.integers(-20, 5)), int(rng.integers(1, 60))
    gain = (rng.choice([-1, 1], channels) * 2.0 ** rng.uniform(-9, 3, channels)).astype(np.float32)
    real = x[:, None].astype(np.float32) * gain + rng.normal(0, 20, channels).astype(np.float32)
    values = np.clip(np.rint(real), lo, lo + count).astype(np.int64)
    return kind, x, values, lo, count


def computed(op, x, channels):
    (y,) = op.execute(np.broadcast_to(x[:, None, None, None], (len(x), channels, 1, 1)).astype(np.int32))
    return y[:, :, 0, 0]


@pytest.mark.parametrize("seed", range(60))
def test_a_multiplier_gives_every_step_of_an_affine_quantizer(seed):
    kind, x, values, lo, count = affine(seed)
    op = multiplied(*steps_of(values, x, lo, count), lo, 1.0, kind)
    assert op is not None
    np.testing.assert_array_equal(computed(op, x, kind.channels), values)


@pytest.mark.parametrize("seed", range(20))
def test_no_shorter_multiplier_would_do(seed):
    """Every multiplier near the function's slope, with one bit less after the point, has no offset."""
    kind, x, values, lo, count = affine(seed)
    op = multiplied(*steps_of(values, x, lo, count), lo, 1.0, kind)
    shift = int(op.shift[0]) - 1
    if shift < 0:
        return
    target = values[:, 0]
    slope = int(op.multiplier[0]) >> 1
    for multiplier in range(slope - 8, slope + 9):
        products = multiplier * x
        least = ((target << shift) - products)[target > lo].max(initial=-(1 << 60))
        most = (((target + 1) << shift) - 1 - products)[target < lo + count].min(initial=1 << 60)
        assert least > most


def test_halves_may_belong_to_either_side():
    x = np.arange(-600, 601)
    kind, values = TensorType((1, 1, 1), -600, 600), np.rint(x / 4).clip(-128, 127).astype(np.int64)[:, None]
    op = multiplied(*steps_of(values, x, -128, 255), -128, 1.0, kind)
    assert op is None  # halves to even: steps of 3 and 5 in turn, through which no line goes
    halves_up = np.floor(x / 4 + 0.5).clip(-128, 127).astype(np.int64)[:, None]
    op = multiplied(*steps_of(halves_up, x, -128, 255), -128, 1.0, kind)
    assert (op.multiplier.tolist(), op.offset.tolist(), op.shift.tolist()) == ([1], [2], [2])


def test_few_steps_stay_thresholds_and_uneven_ones_too():
    kind = TensorType((1, 1, 1), -9999, 9999)
    few = 100 * np.arange(MOST_COMPARED)[None]
    assert isinstance(stepped(few, np.ones(1, int), 0, 1, 1.0, kind), Threshold)
    many = 37 * np.arange(200)[None]
    assert isinstance(stepped(many, np.ones(1, int), 0, 1, 1.0, kind), Rescale)
    uneven = np.arange(90)[None] ** 2
    assert isinstance(stepped(uneven, np.ones(1, int), 0, 1, 1.0, kind), Threshold)
    with pytest.raises(GraphError, match="its steps are not even"):
        stepped(np.arange(300)[None] ** 2 // 9, np.ones(1, int), 0, 1, 1.0, kind)


@pytest.mark.parametrize("seed", range(30))
def test_products_of_float32_step_where_float32_has_them(seed):
    """Every step, from 10 to 23 bits of sums, and near halves of decimal factors."""
    rng = np.random.default_rng(seed)
    bits = int(rng.integers(10, 24))
    factors = (2.0 ** rng.uniform(1 - bits, 9 - bits, 4)).astype(np.float32)
    if seed % 3 == 0:
        factors = rng.integers(1, 50, 4).astype(np.float32) / np.float32(10 ** (bits // 4))
    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    op = Rescale.of_float32(factors, -150, 127, 1.0)
    (y,) = op.infer(TensorType((4, 1, 1), least, most))
    levels = np.arange(y.lo + 1, y.hi + 1)
    rows, _ = op.thresholds(levels)
    inside = np.clip(rows, least, most + 1)

    def quantized(x):
        return np.rint(x.astype(np.float32) * factors[:, None])

    assert ((quantized(np.minimum(inside, most)) >= levels) | (inside > most)).all()
    assert ((quantized(np.maximum(inside - 1, least)) < levels) | (inside == least)).all()


def test_steps_of_float32_products_that_no_line_gives_are_such_products():
    kind, factors = TensorType((2, 1, 1), -(1 << 19), (1 << 19) - 1), np.array([3.1e-4, 2.3e-4], np.float32)
    op = Rescale.of_float32(factors, -128, 127, 1.0)
    rows, sign = op.thresholds(np.arange(-127, 128))
    assert multiplied(rows, sign, -128, 1.0, kind) is None
    assert isinstance(stepped(rows, sign, -128, 1, 1.0, kind), Threshold)
    assert stepped(rows, sign, -128, 1, 1.0, kind, factors).single
    assert isinstance(stepped(rows + 1, sign, -128, 1, 1.0, kind, factors), Threshold)


@pytest.mark.parametrize("factor", [0.0, -0.1, 1e-9])
def test_factors_that_are_not_positive_or_too_small_are_refused(factor):
    with pytest.raises(GraphError, match=r"multipliers of float32 products|shifts are 0 to 47"):
        Rescale.of_float32(np.array([factor], np.float32), -128, 127, 1.0)
