"""Indices of the largest channels: a tree of comparisons over the lanes, and places that hold them (`top_k.sv`)."""

from __future__ import annotations

import numpy as np

from codesign.graph.ops.top_k import TopK
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types


def foldings(op: TopK, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """More than one place takes a channel a cycle."""
    return folded.foldings(folded.lane_counts(inputs[0].channels) if op.k == 1 else (1,))


def lanes(op: TopK, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.pe,), (op.k,))


def dependence(op: TopK, inputs: Types, outputs: Types) -> Dependence:
    """All channels of the pixel are waited for."""
    return Dependence(np.arange(outputs[0].pixels), whole=True, ahead=False)
