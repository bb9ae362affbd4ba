"""Requantization: a shift, rounding and clamp a lane (`requant.sv`)."""

from __future__ import annotations

from codesign.graph.ops.requant import Requant
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types


def foldings(op: Requant, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    return folded.foldings(folded.lane_counts(inputs[0].channels))


def lanes(op: Requant, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Requant, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
