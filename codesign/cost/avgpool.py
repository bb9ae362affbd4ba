"""Cost of `avgpool.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost._memory import ram_luts
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.types import TensorType


def foldings(op: AvgPool, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.foldings(_lanes.lane_counts(inputs[0].channels))


def lanes(op: AvgPool, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: AvgPool, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    """An adder a lane, the sums of a pixel, and a stream register. Sums leave with the frame's last pixel."""
    (x,), (y,) = inputs, outputs
    each, width = beats(x.channels, folding.pe), folding.pe * y.bits
    counters = (each - 1).bit_length() + (x.pixels - 1).bit_length()
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=(x.pixels - 1) * each + 1,
        lut=2 * width + 2 * counters + 4 + ram_luts(each, width),
        ff=2 * width + counters + 4,
        bram36=0,
        dsp=0,
    )
