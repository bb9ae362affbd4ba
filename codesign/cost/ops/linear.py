"""Price of a fully connected layer."""

from __future__ import annotations

from codesign.cost import mvu
from codesign.cost.block import BlockCost
from codesign.graph.ops.linear import Linear
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.linear import unit


def cost(op: Linear, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return mvu.cost(unit(op, inputs, outputs, folding), vectors=1)
