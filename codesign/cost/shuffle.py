"""Cost of `shuffle.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost.base import BlockCost, Folding, Lanes, beats, divisors
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.types import TensorType


def foldings(op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    """One lane; multiples of the groups that divide a group's channels; all channels at once, which is wiring."""
    channels = inputs[0].channels
    run = channels // op.groups
    some = {lanes for lanes in divisors(run) if lanes % op.groups == 0}
    return _lanes.foldings(tuple(sorted({1, channels} | some)))


def lanes(op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,) = inputs
    each = beats(x.channels, folding.pe)
    wires = folding.pe == x.channels
    return BlockCost(x.pixels * each, 0 if wires else each + 1, lut=0, ff=0, bram36=0, dsp=0)
