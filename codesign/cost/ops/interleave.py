"""Price of `interleave.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.interleave import Interleave
from codesign.hardware.folding import Folding, Types, beats


class Luts(NamedTuple):
    wires: float
    control: float


def cost(op: Interleave, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """No storage; a multiplexer where the inputs take turns."""
    (y,) = outputs
    luts = coefficients("interleave", Luts)
    cycles = y.pixels * beats(y.channels, folding.pe)
    if folding.pe > folding.simd:
        return BlockCost(cycles, 0, round(luts.wires), 0, 0, 0)
    return BlockCost(cycles, 0, round(y.bits + luts.control), 1, 0, 0)
