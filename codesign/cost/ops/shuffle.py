"""Price of `shuffle.sv`."""

from __future__ import annotations

from codesign.cost.block import BlockCost
from codesign.graph.ops.shuffle import Shuffle
from codesign.hardware.folding import Folding, Types, beats
from codesign.hardware.memory import block_ramb18, ram_luts
from codesign.hardware.ops.shuffle import in_block, pixel_memory

ONE_LANE_LUTS, LANES_LUTS = 3, 10
"""LUTs of the control with one lane and with several; a fit."""


def cost(op: Shuffle, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,) = inputs
    each = beats(x.channels, folding.pe)
    memory = pixel_memory(op, x, folding)
    if memory is None:
        return BlockCost(x.pixels, 0, 0, 0, 0, 0)
    address = memory.depth.bit_length()
    choice = folding.pe * x.bits * (op.groups - 1) if folding.pe > 1 else 0
    lut, ff = (LANES_LUTS if folding.pe > 1 else ONE_LANE_LUTS) + 2 * address + choice, 3 * address
    if in_block(op, x, folding):
        bram36 = memory.number * block_ramb18(memory.depth, memory.width) / 2
        return BlockCost(x.pixels * each, each + 1, lut, ff, bram36, 0)
    lut += memory.number * ram_luts(memory.depth, memory.width)
    return BlockCost(x.pixels * each, each + 1, lut, ff + memory.number * memory.width, 0, 0)
