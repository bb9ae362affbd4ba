"""Thresholds: a pipelined binary search in each of `lanes` channels a cycle (`rtl_sim/rtl/threshold.sv`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.threshold import Threshold
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types, beats
from codesign.hardware.memory import rom_in_block


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
        """Beats of a pixel that have thresholds of their own; 1 where all channels have the same."""
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

    def tables(self, stage: int) -> IntArray:
        """(lanes, words): of a pixel's beats in turn what the comparisons before the stage leave the choice of."""
        words = self._words.reshape(self.beats, self.folding.pe, -1)
        stride = 1 << (self.stages - stage)
        chosen = words[:, :, stride // 2 - 1 :: stride]
        if self.flips and not stage:
            falls = self._spread((self.op.sign < 0).astype(np.int64)).reshape(self.beats, self.folding.pe, 1)
            chosen = (chosen & ((1 << self.bits) - 1)) | falls << self.bits
        return chosen.swapaxes(0, 1).reshape(self.folding.pe, -1)

    @cached_property
    def _words(self) -> IntArray:
        """(beats * lanes, 2^stages - 1) thresholds of x, or of its complement; missing ones are never reached."""
        sign = self.op.sign.astype(np.int64)[:, None]
        rows = np.clip(self.op.thresholds - (sign < 0), self.lowest, self.highest + 1)
        never = np.full((len(rows), (1 << self.stages) - 1 - self.op.steps), self.highest + 1)
        return self._spread(np.concatenate([rows, never], axis=1))

    def _spread(self, rows: IntArray) -> IntArray:
        """A row for every lane of every beat: that of its channel, zeros past the last channel."""
        count = self.beats * self.folding.pe
        channels = count if len(rows) == 1 else len(rows)
        found = np.zeros((count, *rows.shape[1:]), np.int64)
        found[:channels] = rows
        return found


def search(op: Threshold, inputs: Types, folding: Folding) -> Search:
    """The search of a block."""
    return Search(op, inputs[0].plain, folding)


def foldings(op: Threshold, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return folded.tables_placed(found, lambda f: any(search(op, inputs, f).in_block))


def lanes(op: Threshold, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Threshold, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
