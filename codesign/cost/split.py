"""Cost of `split.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost import _lanes
from codesign.cost.base import BlockCost, Folding, Lanes, beats, divisors
from codesign.errors import GraphError
from codesign.graph.ops.split import Split
from codesign.graph.types import TensorType


def foldings(op: Split, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    """The lanes divide the first output's channels, so that the seam lies between two beats."""
    if len(op.sizes) != 2:
        raise GraphError(f"the RTL parts a stream in 2, not in {len(op.sizes)}", remedy="split in pairs")
    return _lanes.foldings(divisors(op.sizes[0]))


def lanes(op: Split, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding, outputs=len(outputs))


def cost(op: Split, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,) = inputs
    interval = x.pixels * sum(beats(size, folding.pe) for size in op.sizes)
    counter = (interval // x.pixels - 1).bit_length()
    width = folding.pe * x.bits
    return BlockCost(interval, 1, lut=width + counter + 8, ff=2 * width + counter + 3, bram36=0, dsp=0)
