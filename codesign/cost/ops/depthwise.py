"""Price of a depthwise convolution."""

from __future__ import annotations

from codesign.cost import vvu
from codesign.cost.block import BlockCost
from codesign.graph.ops.depthwise import Depthwise
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.depthwise import unit


def cost(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return vvu.cost(unit(op, inputs, outputs, folding))
