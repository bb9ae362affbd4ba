"""Depthwise convolution: `lanes` channels at once, a tap a cycle."""

from __future__ import annotations

from codesign.cost import _lanes
from codesign.cost._vvu import Vvu, placed
from codesign.cost._window import sliding
from codesign.cost.base import BlockCost, Folding, Lanes
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.types import TensorType

Types = tuple[TensorType, ...]


def unit(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Vvu:
    """The window and the unit behind it."""
    window = sliding(inputs[0].plain, folding, folding.pe, op.kernel, op.stride, op.pads)
    return Vvu(op.weight.reshape(op.weight.shape[0], -1), op.bias, window, outputs[0], folding.weights)


def foldings(op: Depthwise, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = _lanes.foldings(_lanes.lane_counts(inputs[0].channels))
    return placed(found, lambda f: unit(op, inputs, outputs, f))


def lanes(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Depthwise, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return unit(op, inputs, outputs, folding).cost()
