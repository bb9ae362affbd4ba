"""conv_tile: streamed weights give the executor's sums and activations, in pixel order, at one word a cycle."""

import numpy as np
import pytest

from codesign.bench import RawFile, Streams, check_streams, random_frames
from codesign.cost.ops import conv_tile as cost
from codesign.emit.rtl import weight_image as image
from codesign.emit.rtl.base import Block, Port
from codesign.emit.rtl.ops import conv_tile as emit
from codesign.errors import ScheduleError
from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.hardware.conv_tile import plan
from codesign.hardware.folding import Folding

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
    made = emit.unit(name, op, (x,), (y,), folding, tile, requant)
    expected = cost.unit(op, (x,), (y,), folding, tile, requant)
    frames = random_frames(np.random.default_rng(seed), x, FRAMES)
    out = op.execute(frames)
    if requant:
        out = requant.execute(*out)
    passes = -(-x.pixels // tile) + 2
    assert made.weights
    half = 1 << (made.weights.field_bits - 1)
    units = np.tile((made.weights.units + half) % (2 * half) - half, (passes, 1))
    weights = np.broadcast_to(units.T[None, :, :, None], (FRAMES, folding.pe, len(units), 1))
    return Streams(
        f"{x} -> {y} pe={folding.pe} simd={folding.simd} tile={tile}",
        made,
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
            streamed("f", pointwise(3, 40), uint8(3, 4, 4), Folding(2, 3), 16),
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


def pair(
    label: str,
    latency: int,
    spread: int,
    stall: int,
    depth: int,
    interval: bool,
    second: Folding = Folding(4, 4),  # noqa: B008, frozen
) -> Streams:
    """Two blocks, one behind the other, on one memory; their demand on it is checked as well."""
    x, tiles = uint8(24, 4, 10), (8, 10)
    ops = [pointwise(24, 32, scale=(2.0**-6,), seed=1), pointwise(32, 20 * second.pe, scale=(2.0**-7,), seed=2)]
    requants = [Requant(np.full(1, 6), 0, 255, 1.0), Requant(np.full(1, 7), 0, 255, 1.0)]
    foldings = [Folding(4, 2), second]
    frames = random_frames(np.random.default_rng(3), x, FRAMES)
    made, kind, values, intervals = {}, x, frames, []
    for name, op, requant, folding, tile in zip("AB", ops, requants, foldings, tiles, strict=True):
        (y,) = op.infer(kind)
        made[name] = emit.unit(name, op, (kind,), (y,), folding, tile, requant)
        intervals.append(cost.unit(op, (kind,), (y,), folding, tile, requant).interval_cycles)
        (kind,), (values,) = requant.infer(y), requant.execute(*op.execute(values))
    weights = image.weight_image({name: block.weights for name, block in made.items() if block.weights})
    file = f"{label}.bin"
    skipped = ("PIXELS", "X_BITS", "X_SIGNED", "REQUANT")
    parameters: dict[str, int | str] = {}
    for name, block in made.items():
        parameters |= {f"{name}_{key}": value for key, value in block.parameters.items() if key not in skipped}
    readers = image.reader_parameters(weights, depth)
    passes = [FRAMES * x.pixels / tile for tile in tiles]
    asked = [count * region.size / 8 for count, region in zip(passes, weights.regions, strict=True)]
    slack = sum((FRAMES + 1) * region.size / 8 + depth + 4 for region in weights.regions)
    parameters |= {key: value for key, value in readers.items() if key != "PORTS"} | {
        "PIXELS": x.pixels,
        "FRAMES": FRAMES,
        "ASKED_MIN": int(sum(asked)),
        "ASKED_MAX": int(sum(asked) + slack),
        "MEMORY_BEATS": len(weights.data) // 8,
        "MEMORY_FILE": file,
        "LATENCY": latency,
        "SPREAD": spread,
        "STALL": stall,
    }
    block = Block(
        "streamed_pair",
        parameters,
        (Port(2, x.bits, False),),
        (Port(second.pe, kind.bits, False), Port(1, 1, False)),
        (RawFile(file, weights.data),),
    )
    outputs = [values, np.ones((FRAMES, 1, 1, 1), np.int32)]
    return Streams(label, block, [frames], outputs, max(intervals) if interval else None)


def test_blocks_share_a_memory_and_read_their_weights_once_a_tile():
    check_streams(
        [
            pair("near", 0, 0, 0, 16, True),
            pair("far", 100, 100, 0, 32, False),
            pair("stalling", 0, 200, 160, 16, False),
        ]
    )


def test_a_weight_word_of_more_units_than_two_bus_words_hold_does_not_wait():
    check_streams([pair("wide", 30, 30, 0, 64, True, second=Folding(8, 4))])


def test_a_block_that_cannot_be_built_is_refused():
    op, x = pointwise(16, 16), uint8(16, 4, 4)
    (y,) = op.infer(x)
    for folding, tile, why in (
        (Folding(3, 2), 8, "do not fill 64 bits"),
        (Folding(4, 2), 8, "more than the 4 groups"),
        (Folding(2, 4), 8, "too short"),
    ):
        with pytest.raises(ScheduleError, match=why):
            plan(op, y, y, x, folding, tile)
