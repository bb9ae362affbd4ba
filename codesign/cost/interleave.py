"""Cost of `interleave.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.cost._lanes import lane_counts
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.interleave import Interleave
from codesign.graph.types import TensorType


def foldings(op: Interleave, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    """`simd` lanes at each input, twice as many at the output; or one at each port."""
    return (Folding(1, 1), *(Folding(2 * lanes, lanes) for lanes in lane_counts(inputs[0].channels)))


def lanes(op: Interleave, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return Lanes((folding.simd, folding.simd), (folding.pe,))


def cost(op: Interleave, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    """No storage; a multiplexer where the inputs take turns."""
    (y,) = outputs
    cycles = y.pixels * beats(y.channels, folding.pe)
    if folding.pe > folding.simd:
        return BlockCost(cycles, 0, 3, 0, 0, 0)
    return BlockCost(cycles, 0, y.bits + 4, 1, 0, 0)
