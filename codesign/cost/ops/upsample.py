"""Price of `upsample.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import block_ramb18, ram_luts
from codesign.hardware.ops.upsample import in_block, ring_depth


class Luts(NamedTuple):
    control: float
    address_bit: float
    wrap: float


def cost(op: Upsample, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    each, depth, width = beats(x.channels, folding.pe), ring_depth(op, x, folding), folding.pe * x.bits
    address, level = count_bits(depth), depth.bit_length()
    wraps = level == address  # of a power of two, an address does so by itself
    position = (each - 1).bit_length() + (x.width - 1).bit_length() + 2 * (op.factor - 1).bit_length()
    luts = coefficients("upsample", Luts)
    lut = position + round(luts.control + luts.address_bit * address + luts.wrap * wraps)
    ff = 1 + position + 4 * address + 2 * level
    if in_block(op, x, folding):
        return BlockCost(y.pixels * each, 2, lut, ff, block_ramb18(depth, width) / 2, 0)
    return BlockCost(y.pixels * each, 2, lut + ram_luts(depth, width), ff + width, 0, 0)
