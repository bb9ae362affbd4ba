"""Price of `add.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.add import Add
from codesign.hardware.folding import Folding, Types, beats


class Luts(NamedTuple):
    control: float


def cost(op: Add, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """An adder a lane and a stream register."""
    (y,) = outputs
    width = folding.pe * y.bits
    lut = round(2 * width + coefficients("add", Luts).control)
    return BlockCost(y.pixels * beats(y.channels, folding.pe), 1, lut=lut, ff=2 * width + 2, bram36=0, dsp=0)
