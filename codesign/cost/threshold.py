"""Thresholds: a pipelined binary search in each of `lanes` channels a cycle (`rtl_sim/rtl/threshold.sv`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codesign.cost import _lanes
from codesign.cost._memory import rom_in_block, rom_luts, rom_ramb18
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.threshold import Threshold
from codesign.graph.types import TensorType, bits_for_range


@dataclass(frozen=True, eq=False)
class Search:
    """The stages of the search.

    Of a channel whose function falls the complement -x - 1 is compared; `lowest` and `highest` bound both.
    """

    op: Threshold
    x: TensorType
    folding: Folding

    @property
    def stages(self) -> int:
        return self.op.steps.bit_length()

    @property
    def flips(self) -> bool:
        """Whether some channel's function falls."""
        return bool((self.op.sign < 0).any())

    @property
    def beats(self) -> int:
        """Of a pixel with thresholds of its own; 1 where all channels have the same."""
        shared = len(self.op.thresholds) == len(self.op.sign) == 1
        return 1 if shared else beats(self.x.channels, self.folding.pe)

    @property
    def lowest(self) -> int:
        return min(self.x.lo, -self.x.hi - 1) if self.flips else self.x.lo

    @property
    def highest(self) -> int:
        return max(self.x.hi, -self.x.lo - 1) if self.flips else self.x.hi

    @property
    def bits(self) -> int:
        """Signed width of a threshold; `highest + 1` is the one that is never reached."""
        return bits_for_range(min(self.lowest, -1), self.highest + 1)

    @property
    def memories(self) -> tuple[tuple[int, int], ...]:
        """(depth, width) of each stage's table, of one lane."""
        return tuple((self.beats << s, self.bits + (self.flips and s == 0)) for s in range(self.stages))

    @property
    def in_block(self) -> tuple[bool, ...]:
        """Whether each stage's table is in block RAM."""
        return tuple(self.folding.weights != "lut" and rom_in_block(*memory) for memory in self.memories)


def search(op: Threshold, inputs: Sequence[TensorType], folding: Folding) -> Search:
    return Search(op, inputs[0].plain, folding)


def foldings(op: Threshold, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    found = _lanes.foldings(_lanes.lane_counts(inputs[0].channels))
    return found + tuple(replace(f, weights="lut") for f in found if any(search(op, inputs, f).in_block))


def lanes(op: Threshold, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Threshold, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    s = search(op, inputs, folding)
    tables = [memory for memory, block in zip(s.memories, s.in_block, strict=True) if not block]
    blocks = [memory for memory, block in zip(s.memories, s.in_block, strict=True) if block]
    counter = (s.beats - 1).bit_length()
    compare = 2 * s.stages * s.bits / 3 + s.flips * s.bits
    held = s.stages * s.x.bits + s.stages * (s.stages - 1) // 2 + 2 * y.bits
    words = sum(width for _, width in tables)
    each = beats(x.channels, folding.pe)
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=s.stages + 1,
        lut=round(folding.pe * (compare + sum(rom_luts(*memory) for memory in tables))) + counter + 5,
        ff=folding.pe * (held + words) + counter * s.stages + s.stages + 2,
        bram36=folding.pe * sum(rom_ramb18(*memory) for memory in blocks) / 2,
        dsp=0,
    )
