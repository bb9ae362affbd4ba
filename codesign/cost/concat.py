"""Cost of `concat.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost.base import BlockCost, Folding, Lanes, beats, divisors
from codesign.errors import GraphError
from codesign.graph.ops.concat import Concat
from codesign.graph.types import TensorType


def foldings(op: Concat, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    """The lanes divide the first input's channels, so that the seam lies between two beats."""
    if len(inputs) != 2:
        raise GraphError(f"the RTL joins 2 streams, not {len(inputs)}", remedy="concatenate in pairs")
    return _lanes.foldings(divisors(inputs[0].channels))


def lanes(op: Concat, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding, inputs=len(inputs))


def cost(op: Concat, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (y,) = outputs
    interval = y.pixels * sum(beats(x.channels, folding.pe) for x in inputs)
    counter = (interval // y.pixels - 1).bit_length()
    width = folding.pe * y.bits
    return BlockCost(interval, 1, lut=width + counter + 8, ff=2 * width + counter + 3, bram36=0, dsp=0)
