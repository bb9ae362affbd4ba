"""Max-pooling: `lanes` channels at once, a position a cycle (`maxpool.sv`)."""

from __future__ import annotations

from codesign.graph.ops.maxpool import MaxPool
from codesign.hardware import dependence as depends
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.window import Window, sliding, variants


def window(op: MaxPool, inputs: Types, folding: Folding) -> Window:
    return sliding(inputs[0], folding, folding.pe, op.kernel, op.stride, op.pads, op.dilation)


def foldings(op: MaxPool, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return tuple(f for plain in found for f in variants(plain, lambda f: window(op, inputs, f)))


def lanes(op: MaxPool, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: MaxPool, inputs: Types, outputs: Types) -> Dependence:
    """A window for each group of channels."""
    return depends.window(inputs[0], outputs[0], op.reach, op.stride, op.pads[:2], whole=True)
