"""Price of `peak.sv`."""

from __future__ import annotations

from codesign.cost import pool
from codesign.cost.block import BlockCost
from codesign.graph.ops.peak import Peak
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.peak import window


def cost(op: Peak, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return pool.cost(window(inputs, folding), taps=9, compared=inputs[0].bits)
