"""Cost of `shuffle.sv`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from codesign.cost import _lanes
from codesign.cost._memory import block_ramb18, ram_in_block, ram_luts
from codesign.cost.base import BlockCost, Folding, Lanes, beats, divisors
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.types import TensorType


class Banks(NamedTuple):
    """`number` memories of `depth` words of `width` bits."""

    number: int
    depth: int
    width: int


def foldings(op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    """One lane; multiples of the groups that divide a group's channels; all channels at once, which is wiring."""
    channels = inputs[0].channels
    some = {lanes for lanes in divisors(channels // op.groups) if lanes % op.groups == 0}
    found = _lanes.foldings(tuple(sorted({1, channels} | some)))
    return _lanes.placed(found, lambda f: in_block(op, inputs[0], f))


def lanes(op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def pixel_memory(op: Shuffle, x: TensorType, folding: Folding) -> Banks | None:
    """What holds the pixel being written and the one being read; None where shuffling is wiring."""
    if folding.pe == x.channels:
        return None
    number = 1 if folding.pe == 1 else op.groups
    words = x.channels // folding.pe // number
    return Banks(number, 2 << max(1, (words - 1).bit_length()), folding.pe * x.bits)


def in_block(op: Shuffle, x: TensorType, folding: Folding) -> bool:
    """Whether the pixels are held in block RAM."""
    memory = pixel_memory(op, x, folding)
    if memory is None or folding.buffer:
        return memory is not None and folding.buffer == "block"
    return ram_in_block(memory.depth, memory.width)


def cost(op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,) = inputs
    each = beats(x.channels, folding.pe)
    memory = pixel_memory(op, x, folding)
    if memory is None:
        return BlockCost(x.pixels, 0, 0, 0, 0, 0)
    address = memory.depth.bit_length()
    choice = folding.pe * x.bits * (op.groups - 1) if folding.pe > 1 else 0
    lut, ff = (10 if folding.pe > 1 else 3) + 2 * address + choice, 3 * address
    if in_block(op, x, folding):
        bram36 = memory.number * block_ramb18(memory.depth, memory.width) / 2
        return BlockCost(x.pixels * each, each + 1, lut, ff, bram36, 0)
    lut += memory.number * ram_luts(memory.depth, memory.width)
    return BlockCost(x.pixels * each, each + 1, lut, ff + memory.number * memory.width, 0, 0)
