"""Interleaving of two maps, channel by channel (`interleave.sv`)."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph.ops.interleave import Interleave
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.lanes import lane_counts


def foldings(op: Interleave, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """`simd` lanes at each input, twice as many at the output; or one at each port."""
    return (Folding(1, 1), *(Folding(2 * lanes, lanes) for lanes in lane_counts(inputs[0].channels)))


def lanes(op: Interleave, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.simd, folding.simd), (folding.pe,))


def dependence(op: Interleave, inputs: Types, outputs: Types) -> Dependence:
    return replace(element(outputs), wires=True)
