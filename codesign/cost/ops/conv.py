"""Price of a dense convolution."""

from __future__ import annotations

from codesign.cost import mvu
from codesign.cost.block import BlockCost
from codesign.graph.ops.conv import Conv
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.conv import unit, window


def cost(op: Conv, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    built = unit(op, inputs, outputs, folding)
    return mvu.convolution(window(op, inputs, folding), built, mvu.cost(built, outputs[0].pixels))
