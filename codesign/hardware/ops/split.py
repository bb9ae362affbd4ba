"""Split of a map: the channels of one output pass after those of the other (`split.sv`)."""

from __future__ import annotations

from dataclasses import replace

from codesign.errors import GraphError
from codesign.graph.ops.split import Split
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types, divisors


def foldings(op: Split, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """The lanes divide the first output's channels, so that the seam lies between two beats."""
    if len(op.sizes) != 2:
        raise GraphError(f"the RTL parts a stream in 2, not in {len(op.sizes)}", remedy="split in pairs")
    return folded.foldings(divisors(op.sizes[0]))


def lanes(op: Split, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding, outputs=len(outputs))


def dependence(op: Split, inputs: Types, outputs: Types) -> Dependence:
    return replace(element(inputs), parts=op.sizes)
