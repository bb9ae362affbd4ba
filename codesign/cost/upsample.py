"""Cost of `upsample.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost._memory import block_ramb18, ram_in_block, ram_luts
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.upsample import Upsample
from codesign.graph.types import TensorType


def foldings(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.foldings(_lanes.lane_counts(inputs[0].channels))


def lanes(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def ring_depth(op: Upsample, x: TensorType, folding: Folding) -> int:
    """Beats of the ring: what a writer of constant speed needs in order never to wait.

    A row is read for `(factor - 1) / factor` of its time before its first beat is read for the last time, and the row
    is written that much of its time before it is first read: 2 (1 - 1 / factor) rows are held then.
    """
    row = x.width * beats(x.channels, folding.pe)
    return max(row, -(-2 * row * (op.factor - 1) // op.factor), 4)


def cost(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    each, depth, width = beats(x.channels, folding.pe), ring_depth(op, x, folding), folding.pe * x.bits
    address = depth.bit_length()
    position = (each - 1).bit_length() + (x.width - 1).bit_length() + 2 * (op.factor - 1).bit_length()
    lut, ff = 16 + position + 4 * address, 1 + position + 6 * address
    if ram_in_block(depth, width):
        return BlockCost(y.pixels * each, 2, lut, ff, block_ramb18(depth, width) / 2, 0)
    return BlockCost(y.pixels * each, 2, lut + ram_luts(depth, width), ff + width, 0, 0)
