"""Price of `shuffle.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.shuffle import Shuffle
from codesign.hardware.folding import Folding, Types, beats
from codesign.hardware.memory import block_ramb18, ram_luts
from codesign.hardware.ops.shuffle import in_block, pixel_memory


class Luts(NamedTuple):
    one_lane: float
    lanes: float
    address_bit: float


def cost(op: Shuffle, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,) = inputs
    each = beats(x.channels, folding.pe)
    memory = pixel_memory(op, x, folding)
    if memory is None:
        return BlockCost(x.pixels, 0, 0, 0, 0, 0)
    address = memory.depth.bit_length()
    choice = folding.pe * x.bits * (op.groups - 1) if folding.pe > 1 else 0
    luts = coefficients("shuffle", Luts)
    control = luts.lanes if folding.pe > 1 else luts.one_lane
    lut, ff = round(control + luts.address_bit * address) + choice, 3 * address
    if in_block(op, x, folding):
        bram36 = memory.number * block_ramb18(memory.depth, memory.width) / 2
        return BlockCost(x.pixels * each, each + 1, lut, ff, bram36, 0)
    lut += memory.number * ram_luts(memory.depth, memory.width)
    return BlockCost(x.pixels * each, each + 1, lut, ff + memory.number * memory.width, 0, 0)
