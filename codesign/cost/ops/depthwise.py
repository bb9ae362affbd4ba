"""Price of a depthwise convolution."""

from __future__ import annotations

from codesign.cost import mvu, vvu
from codesign.cost.block import BlockCost
from codesign.graph.ops.depthwise import Depthwise
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.depthwise import matrix_unit, vector_unit, window


def cost(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    if folding.taps == 1:
        return vvu.cost(vector_unit(op, inputs, outputs, folding))
    built = matrix_unit(op, inputs, outputs, folding)
    return mvu.convolution(window(op, inputs, folding), built, mvu.cost(built, outputs[0].pixels))
