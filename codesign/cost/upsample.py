"""Cost of `upsample.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.upsample import Upsample
from codesign.graph.types import TensorType


def foldings(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.foldings(_lanes.lane_counts(inputs[0].channels))


def lanes(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (y,) = outputs
    return BlockCost(y.pixels * beats(y.channels, folding.pe), latency_cycles=2, lut=0, ff=0, bram36=0, dsp=0)
