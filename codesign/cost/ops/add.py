"""Price of `add.sv`."""

from __future__ import annotations

from codesign.cost.block import BlockCost
from codesign.graph.ops.add import Add
from codesign.hardware.folding import Folding, Types, beats

CONTROL_LUTS = 5


def cost(op: Add, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """An adder a lane and a stream register."""
    (y,) = outputs
    width = folding.pe * y.bits
    lut = 2 * width + CONTROL_LUTS
    return BlockCost(y.pixels * beats(y.channels, folding.pe), 1, lut=lut, ff=2 * width + 2, bram36=0, dsp=0)
