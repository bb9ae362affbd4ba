"""Heat-map peaks: `lanes` channels at once, a position of the 3x3 neighbourhood a cycle (`peak.sv`)."""

from __future__ import annotations

from codesign.graph.ops.peak import Peak
from codesign.hardware import dependence as depends
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.window import Window, sliding, variants


def window(inputs: Types, folding: Folding) -> Window:
    return sliding(inputs[0], folding, folding.pe, (3, 3), (1, 1), (1, 1, 1, 1))


def foldings(op: Peak, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return tuple(f for plain in found for f in variants(plain, lambda f: window(inputs, f)))


def lanes(op: Peak, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Peak, inputs: Types, outputs: Types) -> Dependence:
    return depends.window(inputs[0], outputs[0], (3, 3), (1, 1), (1, 1), whole=True)
