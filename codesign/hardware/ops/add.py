"""Sum of two maps: an adder a lane (`add.sv`)."""

from __future__ import annotations

from codesign.graph.ops.add import Add
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types


def foldings(op: Add, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    return folded.foldings(folded.lane_counts(inputs[0].channels))


def lanes(op: Add, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding, inputs=2)


def dependence(op: Add, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
