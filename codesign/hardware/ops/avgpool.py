"""Global average pooling: an adder a lane, and the sums of a pixel (`avgpool.sv`)."""

from __future__ import annotations

import numpy as np

from codesign.graph.ops.avgpool import AvgPool
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types


def foldings(op: AvgPool, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    return folded.foldings(folded.lane_counts(inputs[0].channels))


def lanes(op: AvgPool, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: AvgPool, inputs: Types, outputs: Types) -> Dependence:
    """Every channel's sum leaves with its last pixel."""
    return Dependence(np.array([inputs[0].pixels - 1]), whole=False, ahead=True)
