"""Price of `upsample.sv`."""

from __future__ import annotations

from codesign.cost.block import BlockCost
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import block_ramb18, ram_luts
from codesign.hardware.ops.upsample import in_block, ring_depth

CONTROL_LUTS = 15
"""LUTs of the control of any block, besides what grows with its counters; a fit."""


def cost(op: Upsample, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    each, depth, width = beats(x.channels, folding.pe), ring_depth(op, x, folding), folding.pe * x.bits
    address, level = count_bits(depth), depth.bit_length()
    wraps = level == address  # of a power of two, an address does so by itself
    position = (each - 1).bit_length() + (x.width - 1).bit_length() + 2 * (op.factor - 1).bit_length()
    lut, ff = CONTROL_LUTS + position + 5 * address + 5 * wraps, 1 + position + 4 * address + 2 * level
    if in_block(op, x, folding):
        return BlockCost(y.pixels * each, 2, lut, ff, block_ramb18(depth, width) / 2, 0)
    return BlockCost(y.pixels * each, 2, lut + ram_luts(depth, width), ff + width, 0, 0)
