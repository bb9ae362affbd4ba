"""Cost of `upsample.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost._memory import block_depth, block_ramb18, ram_in_block, ram_luts
from codesign.cost.base import BlockCost, Folding, Lanes, beats, count_bits
from codesign.graph.ops.upsample import Upsample
from codesign.graph.types import TensorType


def foldings(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.placed(_lanes.foldings(_lanes.lane_counts(inputs[0].channels)), lambda f: in_block(op, inputs[0], f))


def lanes(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def ring_depth(op: Upsample, x: TensorType, folding: Folding) -> int:
    """Beats of the ring: what a writer of constant speed needs in order never to wait.

    Such a writer has a share of 1 - 1 / factor of a row ahead when the row is first read, and writes as much again
    until its last reading begins to free it: two rows times that share. A pixel is freed by the last of its repeats
    only, which asks for the same share of a pixel; where block RAM would grow for it, that is left out, and such a
    writer waits for so many beats once a row.
    """
    each = beats(x.channels, folding.pe)
    width, least = folding.pe * x.bits, _least_depth(op, x, folding)
    depth = least + _share(each, op.factor)
    return min(depth, block_depth(least, width)) if in_block(op, x, folding) else depth


def in_block(op: Upsample, x: TensorType, folding: Folding) -> bool:
    """Whether the ring is in block RAM."""
    if folding.buffer:
        return folding.buffer == "block"
    return ram_in_block(_least_depth(op, x, folding), folding.pe * x.bits)


def _least_depth(op: Upsample, x: TensorType, folding: Folding) -> int:
    row = x.width * beats(x.channels, folding.pe)
    return max(row, _share(2 * row, op.factor), 4)


def _share(count: int, factor: int) -> int:
    """count (1 - 1 / factor), rounded up."""
    return -(-count * (factor - 1) // factor)


def cost(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    each, depth, width = beats(x.channels, folding.pe), ring_depth(op, x, folding), folding.pe * x.bits
    address, level = count_bits(depth), depth.bit_length()
    wraps = level == address  # of a power of two, an address does so by itself
    position = (each - 1).bit_length() + (x.width - 1).bit_length() + 2 * (op.factor - 1).bit_length()
    lut, ff = 15 + position + 5 * address + 5 * wraps, 1 + position + 4 * address + 2 * level
    if in_block(op, x, folding):
        return BlockCost(y.pixels * each, 2, lut, ff, block_ramb18(depth, width) / 2, 0)
    return BlockCost(y.pixels * each, 2, lut + ram_luts(depth, width), ff + width, 0, 0)
