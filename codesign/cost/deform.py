"""Square deformable 3x3 depthwise convolution: `lanes` channels at once, a tap a cycle, whatever the dilations."""

from __future__ import annotations

from codesign.cost import _lanes
from codesign.cost._vvu import Vvu, placed
from codesign.cost._window import deformable
from codesign.cost.base import BlockCost, Folding, Lanes
from codesign.graph.ops.deform import Deform
from codesign.graph.types import TensorType

Types = tuple[TensorType, ...]


def unit(op: Deform, inputs: Types, outputs: Types, folding: Folding) -> Vvu:
    """The window, as large as the dilation's range demands, and the unit behind it."""
    x, s = inputs
    window = deformable(x.plain, folding, max(1, s.magnitude))
    return Vvu(op.weight.reshape(op.weight.shape[0], -1), op.bias, window, outputs[0], folding.weights)


def foldings(op: Deform, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = _lanes.foldings(_lanes.lane_counts(inputs[0].channels))
    return placed(found, lambda f: unit(op, inputs, outputs, f))


def lanes(op: Deform, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return Lanes((folding.pe, 1), (folding.pe,))


def cost(op: Deform, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return unit(op, inputs, outputs, folding).cost()
