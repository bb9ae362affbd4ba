"""Square deformable 3x3 depthwise convolution: `lanes` channels at once, a tap a cycle, whatever the dilations."""

from __future__ import annotations

from codesign.graph.ops.deform import Deform
from codesign.hardware import dependence as depends
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types
from codesign.hardware.vvu import Vvu, placed
from codesign.hardware.window import deformable


def unit(op: Deform, inputs: Types, outputs: Types, folding: Folding) -> Vvu:
    """The window, as large as the dilation's range demands, and the unit behind it."""
    x, s = inputs
    window = deformable(x.plain, folding, max(1, s.magnitude))
    return Vvu(op.weight.reshape(op.weight.shape[0], -1), op.bias, window, outputs[0], folding.weights)


def foldings(op: Deform, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return placed(found, lambda f: unit(op, inputs, outputs, f))


def lanes(op: Deform, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.pe, 1), (folding.pe,))


def dependence(op: Deform, inputs: Types, outputs: Types) -> Dependence:
    """Whatever the dilation, the furthest pixel that its bound allows is waited for."""
    bound = inputs[1].magnitude
    kernel = (2 * bound + 1, 2 * bound + 1)
    return depends.window(inputs[0], outputs[0], kernel, (1, 1), (bound, bound), whole=True)
