"""Requantization by a multiplier, built as that or as a search among its steps, whichever costs less.

The one has product, offset, shift and clamp a lane (`rtl_sim/rtl/rescale.sv`). The other, in foldings whose products
are of LUTs, is the block of `threshold` with the sums at which the result steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import MOST_THRESHOLDS, Threshold
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types, beats
from codesign.hardware.memory import in_lanes, rom_in_block
from codesign.hardware.ops import threshold


@dataclass(frozen=True, eq=False)
class Multiplication:
    """Widths and tables of a block. All channels are shifted alike, so that the shift is wiring."""

    op: Rescale
    x: TensorType
    folding: Folding

    @cached_property
    def _aligned(self) -> tuple[IntArray, IntArray, int]:
        return self.op.aligned

    @property
    def shift(self) -> int:
        return self._aligned[2]

    @property
    def beats(self) -> int:
        """Beats of a pixel that have constants of their own; 1 where all channels have the same."""
        multiplier, offset, _ = self._aligned
        return 1 if multiplier.size == offset.size == 1 else beats(self.x.channels, self.folding.pe)

    @cached_property
    def multipliers(self) -> IntArray:
        """(beats, lanes)."""
        return self._spread(self._aligned[0])

    @cached_property
    def offsets(self) -> IntArray:
        """(beats, lanes)."""
        return self._spread(self._aligned[1])

    def _spread(self, values: IntArray) -> IntArray:
        if self.beats == 1 and values.size == 1:
            return np.broadcast_to(values, (1, self.folding.pe))
        return in_lanes(np.broadcast_to(values, self.x.channels), self.folding.pe)

    @property
    def multiplier_bits(self) -> int:
        """Signed width of the multipliers."""
        return _signed(self.multipliers)

    @property
    def offset_bits(self) -> int:
        """Signed width of the offsets."""
        return _signed(self.offsets)

    @cached_property
    def sum_bits(self) -> int:
        """Signed width of all products, and of them with offsets; beyond the shift at least a bit more than y has."""
        multiplier, offset, shift = self._aligned
        ends = np.array([[self.x.lo], [self.x.hi]], np.int64) * multiplier
        (y,) = self.op.infer(self.x)
        spare = 2 if self.op.single else 1  # what float32 rounds up is one more than y, and must not turn over
        return max(_signed(np.stack(np.broadcast_arrays(ends, ends + offset))), shift + y.bits + spare)

    @property
    def factor_bits(self) -> tuple[int, int]:
        """Signed widths of both factors of a product, the wider first."""
        widths = (self.x.bits + (not self.x.signed), self.multiplier_bits)
        return max(widths), min(widths)

    @property
    def memories(self) -> tuple[tuple[int, int], ...]:
        """(depth, width) of the tables of multipliers and of offsets."""
        return tuple((self.beats, self.folding.pe * bits) for bits in (self.multiplier_bits, self.offset_bits))

    @property
    def in_block(self) -> tuple[bool, ...]:
        """Whether each of them is in block RAM."""
        return tuple(self.folding.weights != "lut" and rom_in_block(*memory) for memory in self.memories)


def _signed(values: IntArray) -> int:
    return bits_for_range(min(int(values.min()), -1), int(values.max()))


def multiplication(op: Rescale, inputs: Types, folding: Folding) -> Multiplication:
    """The multiplication of a block."""
    return Multiplication(op, inputs[0], folding)


@lru_cache(maxsize=256)
def compared(op: Rescale, x: TensorType) -> Threshold | None:
    """The same function of x by its steps; None if it has none, or more than a search has."""
    (y,) = op.infer(x)
    if not 1 <= y.hi - y.lo <= MOST_THRESHOLDS:
        return None
    return Threshold(*op.thresholds(np.arange(y.lo + 1, y.hi + 1)), y.lo, op.scale)


def foldings(op: Rescale, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    found = folded.tables_placed(found, lambda f: any(multiplication(op, inputs, f).in_block))
    steps = compared(op, inputs[0])
    if steps is None:
        return found
    return found + tuple(replace(f, products="lut") for f in threshold.foldings(steps, inputs, outputs))


def lanes(op: Rescale, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Rescale, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
