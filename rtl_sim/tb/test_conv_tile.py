"""conv_tile: streamed weights give the executor's sums and activations, in pixel order, at one word a cycle."""

import numpy as np
import pytest
from bench import Streams, check_streams, random_frames

from codesign.cost import _streamed as cost
from codesign.cost.base import Folding
from codesign.emit.rtl import _streamed as emit
from codesign.errors import ScheduleError
from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant

FRAMES = 3


def pointwise(
    c_in: int, c_out: int, low: int = -7, high: int = 7, seed: int = 0, scale: tuple[float, ...] = (1.0,)
) -> Conv:
    rng = np.random.default_rng(seed)
    weight = rng.integers(low, high, (c_out, c_in, 1, 1), endpoint=True)
    return Conv(weight, rng.integers(-3000, 3000, c_out), scale)


def streamed(
    name: str, op: Conv, x: TensorType, folding: Folding, tile: int, requant: Requant | None = None, seed: int = 0
) -> Streams:
    """A block whose weight stream comes from a source of its own, long enough for all frames."""
    (y,) = op.infer(x)
    made = emit.block(name, op, (x,), (y,), folding, tile, requant)
    expected = cost.cost(op, (x,), (y,), folding, tile, requant)
    frames = random_frames(np.random.default_rng(seed), x, FRAMES)
    out = op.execute(frames)
    if requant:
        out = requant.execute(*out)
    passes = -(-x.pixels // tile) + 2
    half = 1 << (made.plan.field_bits - 1)
    units = np.tile((made.units + half) % (2 * half) - half, (passes, 1))
    weights = np.broadcast_to(units.T[None, :, :, None], (FRAMES, folding.pe, len(units), 1))
    return Streams(
        f"{x} -> {y} pe={folding.pe} simd={folding.simd} tile={tile}",
        made.block,
        [frames, weights],
        out,
        expected.interval_cycles if x.pixels % tile == 0 else None,
        expected.latency_cycles,
        seed,
    )


def uint8(c: int, h: int, w: int) -> TensorType:
    return TensorType((c, h, w), 0, 255)


def test_sums_are_exact_and_the_interval_is_one_word_a_cycle():
    check_streams(
        [
            streamed("a", pointwise(20, 32), uint8(20, 4, 4), Folding(2, 2), 8),
            streamed("b", pointwise(23, 37), uint8(23, 3, 5), Folding(4, 5), 10),
            streamed("c", pointwise(6, 9), TensorType((6, 1, 1), -128, 127), Folding(1, 1), 9),
            streamed("d", pointwise(9, 30, -8, 7), uint8(9, 3, 5), Folding(2, 5), 15),
            streamed("e", pointwise(7, 18, -128, 127), uint8(7, 3, 3), Folding(2, 2), 9),
        ]
    )


def test_a_requantization_inside_gives_its_activations():
    shift = np.random.default_rng(5).integers(4, 9, 24)
    spread = pointwise(10, 24, scale=tuple(2.0**-shift))
    even = pointwise(16, 40, scale=(2.0**-6,))
    check_streams(
        [
            streamed("a", even, uint8(16, 4, 6), Folding(4, 2), 8, Requant(np.full(1, 6), 0, 255, 1.0)),
            streamed("b", spread, uint8(10, 3, 5), Folding(2, 3), 11, Requant(shift, -128, 127, 1.0)),
        ]
    )


def test_a_block_that_cannot_be_built_is_refused():
    op, x = pointwise(16, 16), uint8(16, 4, 4)
    (y,) = op.infer(x)
    for folding, tile, why in (
        (Folding(3, 2), 8, "do not fill 64 bits"),
        (Folding(4, 2), 8, "more than the 4 groups"),
        (Folding(2, 4), 8, "too short"),
    ):
        with pytest.raises(ScheduleError, match=why):
            cost.plan(op, y, y, x, folding, tile)
