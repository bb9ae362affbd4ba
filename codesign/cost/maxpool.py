"""Max-pooling: `lanes` channels at once, a position a cycle."""

from __future__ import annotations

from codesign.cost import _lanes, _pool
from codesign.cost._window import Window, sliding, variants
from codesign.cost.base import BlockCost, Folding, Lanes
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.types import TensorType

Types = tuple[TensorType, ...]


def window(op: MaxPool, inputs: Types, folding: Folding) -> Window:
    return sliding(inputs[0], folding, folding.pe, op.kernel, op.stride, op.pads)


def foldings(op: MaxPool, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = _lanes.foldings(_lanes.lane_counts(inputs[0].channels))
    return tuple(f for plain in found for f in variants(plain, lambda f: window(op, inputs, f)))


def lanes(op: MaxPool, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: MaxPool, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return _pool.cost(window(op, inputs, folding), op.kernel[0] * op.kernel[1], compared=0)
