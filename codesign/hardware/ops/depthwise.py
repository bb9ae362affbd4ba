"""Depthwise convolution: `lanes` channels at once, a tap a cycle (`depthwise.sv`)."""

from __future__ import annotations

from codesign.graph.ops.depthwise import Depthwise
from codesign.hardware import dependence as depends
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.vvu import Vvu, placed
from codesign.hardware.window import sliding


def unit(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Vvu:
    """The window and the unit behind it."""
    window = sliding(inputs[0].plain, folding, folding.pe, op.kernel, op.stride, op.pads)
    return Vvu(op.weight.reshape(op.weight.shape[0], -1), op.bias, window, outputs[0], folding.weights)


def foldings(op: Depthwise, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return placed(found, lambda f: unit(op, inputs, outputs, f))


def lanes(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Depthwise, inputs: Types, outputs: Types) -> Dependence:
    """A window of its own for each group of channels."""
    return depends.window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
