"""Price of a group convolution."""

from __future__ import annotations

from codesign.cost import mvu
from codesign.cost.block import BlockCost
from codesign.graph.ops.group_conv import GroupConv
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.group_conv import unit, window


def cost(op: GroupConv, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    built = unit(op, inputs, outputs, folding)
    return mvu.convolution(window(op, inputs, folding), built, mvu.cost(built, outputs[0].pixels))
