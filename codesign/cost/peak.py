"""Heat-map peaks: `lanes` channels at once, a position of the 3x3 neighbourhood a cycle."""

from __future__ import annotations

from codesign.cost import _lanes, _pool
from codesign.cost._window import Window, sliding, variants
from codesign.cost.base import BlockCost, Folding, Lanes
from codesign.graph.ops.peak import Peak
from codesign.graph.types import TensorType

Types = tuple[TensorType, ...]


def window(inputs: Types, folding: Folding) -> Window:
    return sliding(inputs[0], folding, folding.pe, (3, 3), (1, 1), (1, 1, 1, 1))


def foldings(op: Peak, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = _lanes.foldings(_lanes.lane_counts(inputs[0].channels))
    return tuple(f for plain in found for f in variants(plain, lambda f: window(inputs, f)))


def lanes(op: Peak, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Peak, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return _pool.cost(window(inputs, folding), taps=9, compared=inputs[0].bits)
