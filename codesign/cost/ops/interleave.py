"""Price of `interleave.sv`."""

from __future__ import annotations

from codesign.cost.block import BlockCost
from codesign.graph.ops.interleave import Interleave
from codesign.hardware.folding import Folding, Types, beats

WIRES_LUTS, CONTROL_LUTS = 3, 4
"""LUTs of an interleaving that is wires, and of the control of one whose inputs take turns."""


def cost(op: Interleave, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """No storage; a multiplexer where the inputs take turns."""
    (y,) = outputs
    cycles = y.pixels * beats(y.channels, folding.pe)
    if folding.pe > folding.simd:
        return BlockCost(cycles, 0, WIRES_LUTS, 0, 0, 0)
    return BlockCost(cycles, 0, y.bits + CONTROL_LUTS, 1, 0, 0)
