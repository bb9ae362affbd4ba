"""Price of a deformable convolution."""

from __future__ import annotations

from codesign.cost import vvu
from codesign.cost.block import BlockCost
from codesign.graph.ops.deform import Deform
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.deform import unit


def cost(op: Deform, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return vvu.cost(unit(op, inputs, outputs, folding))
