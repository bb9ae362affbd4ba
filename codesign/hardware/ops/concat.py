"""Concatenation of two maps: their channels pass one after another (`concat.sv`)."""

from __future__ import annotations

from dataclasses import replace

from codesign.errors import GraphError
from codesign.graph.ops.concat import Concat
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types, divisors


def foldings(op: Concat, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """The lanes divide the first input's channels, so that the seam lies between two beats."""
    if len(inputs) != 2:
        raise GraphError(f"the RTL joins 2 streams, not {len(inputs)}", remedy="concatenate in pairs")
    return folded.foldings(divisors(inputs[0].channels))


def lanes(op: Concat, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding, inputs=len(inputs))


def dependence(op: Concat, inputs: Types, outputs: Types) -> Dependence:
    return replace(element(outputs), in_turn=True)
