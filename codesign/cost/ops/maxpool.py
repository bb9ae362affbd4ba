"""Price of `maxpool.sv`."""

from __future__ import annotations

from codesign.cost import pool
from codesign.cost.block import BlockCost
from codesign.graph.ops.maxpool import MaxPool
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.maxpool import window


def cost(op: MaxPool, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return pool.cost(window(op, inputs, folding), op.kernel[0] * op.kernel[1], compared=0)
