"""Cost of `requant.sv`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.cost import _lanes
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType


def foldings(op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.foldings(_lanes.lane_counts(inputs[0].channels))


def lanes(op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,) = inputs
    spread = int(np.ptp(op.shift))
    latency = 2 if spread == 0 else 3 if spread <= 3 else 4
    return BlockCost(x.pixels * beats(x.channels, folding.pe), latency, lut=0, ff=0, bram36=0, dsp=0)
