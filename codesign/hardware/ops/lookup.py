"""A table in each of `lanes` channels a cycle (`rtl_sim/rtl/lookup.sv`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.lookup import Lookup
from codesign.graph.types import TensorType
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence, element
from codesign.hardware.folding import Folding, Lanes, Types, beats
from codesign.hardware.memory import rom_in_block


@dataclass(frozen=True, eq=False)
class Tables:
    """The memories of a block. x itself, in two's complement, is the lower part of the address."""

    op: Lookup
    x: TensorType
    y: TensorType
    folding: Folding

    @property
    def beats(self) -> int:
        """Beats of a pixel that have tables of their own; 1 where all channels have the same."""
        return 1 if len(self.op.results) == 1 else beats(self.x.channels, self.folding.pe)

    @property
    def memory(self) -> tuple[int, int]:
        """(depth, width) of a lane's table."""
        return self.beats << self.x.bits, self.y.bits

    @property
    def in_block(self) -> bool:
        """Whether the tables are in block RAM."""
        return self.folding.weights != "lut" and rom_in_block(*self.memory)

    @cached_property
    def words(self) -> IntArray:
        """(lanes, depth): a lane's tables of its beats in turn; zero for what x never is, and past the last channel."""
        lanes = self.folding.pe
        rows = np.zeros((self.beats * lanes, 1 << self.x.bits), np.int64)
        used = rows if len(self.op.results) == 1 else rows[: self.x.channels]
        used[:, np.arange(self.x.lo, self.x.hi + 1) % (1 << self.x.bits)] = self.op.within(self.x)
        return rows.reshape(self.beats, lanes, -1).swapaxes(0, 1).reshape(lanes, -1)


def tables(op: Lookup, inputs: Types, folding: Folding) -> Tables:
    """The tables of a block."""
    (y,) = op.infer(*inputs)
    return Tables(op, inputs[0], y, folding)


def foldings(op: Lookup, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return folded.tables_placed(found, lambda f: tables(op, inputs, f).in_block)


def lanes(op: Lookup, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Lookup, inputs: Types, outputs: Types) -> Dependence:
    return element(outputs)
