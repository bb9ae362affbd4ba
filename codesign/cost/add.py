"""Cost of `add.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.add import Add
from codesign.graph.types import TensorType


def foldings(op: Add, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.foldings(_lanes.lane_counts(inputs[0].channels))


def lanes(op: Add, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding, inputs=2)


def cost(op: Add, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    """An adder a lane and a stream register."""
    (y,) = outputs
    width = folding.pe * y.bits
    return BlockCost(y.pixels * beats(y.channels, folding.pe), 1, lut=2 * width + 5, ff=2 * width + 2, bram36=0, dsp=0)
