"""The folded matrix-vector unit (`rtl_sim/rtl/mvu.sv`) behind convolutions and `linear`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware.folding import MOST_LANES, Folding, beats, divisors
from codesign.hardware.memory import in_lanes, ram_in_block, rom_in_block

PRODUCTS: tuple[Literal["dsp", "lut"], ...] = ("dsp", "lut")

LEAST_BLOCK_WORDS = 17
"""Words of weights from which on block RAM is offered for them.

Of fewer, many columns of bits are alike in all words or equal others, so that LUTs hold them for little, and synthesis
moves those that are alike from a block RAM into the multipliers.
"""

DSP_FACTOR_BITS = 25
"""Width of the larger factor of a DSP48E1, which takes two packed weights."""


def foldings(outputs: int, inputs: int) -> tuple[Folding, ...]:
    """Foldings of `outputs` by `inputs` a vector, cheapest first.

    Of the factors that give the same number of groups, or of beats, only the smallest is of use.
    """
    pes, simds = ({beats(n, beats(n, k)) for k in range(1, min(n, MOST_LANES) + 1)} for n in (outputs, inputs))
    pairs = [Folding(pe, simd) for pe in pes for simd in simds]
    return tuple(sorted(pairs, key=lambda f: (f.pe * f.simd, f.simd)))


def placed(found: Iterable[Folding], unit: Callable[[Folding], Mvu]) -> Iterator[Folding]:
    """Each folding with its weights in LUTs, and in block RAM unless they are but a few words."""
    for folding in found:
        if unit(folding).weight_memory[0] >= LEAST_BLOCK_WORDS:
            yield replace(folding, weights="block")
        yield replace(folding, weights="lut")


def made(found: Iterable[Folding]) -> tuple[Folding, ...]:
    """Each folding with its products made by DSP slices and by LUTs."""
    return tuple(replace(folding, products=by) for folding in found for by in PRODUCTS)


@dataclass(frozen=True, eq=False)
class Matrix:
    """Weights (C_out, K), columns in the order of the input beats; `simd` inputs an output at once, which divides K."""

    values: IntArray
    bias: IntArray
    x: TensorType
    simd: int

    @property
    def outputs(self) -> int:
        return int(self.values.shape[0])

    @property
    def steps(self) -> int:
        """Input beats of a vector."""
        return int(self.values.shape[1]) // self.simd

    @cached_property
    def lowest(self) -> int:
        return int(self.values.min())

    @cached_property
    def weight_bits(self) -> int:
        """Signed width of the weights."""
        return bits_for_range(min(self.lowest, -1), int(self.values.max()))

    @cached_property
    def bias_bits(self) -> int:
        """Signed width of the biases."""
        return bits_for_range(min(int(self.bias.min()), -1), int(self.bias.max()))

    @cached_property
    def sum_bits(self) -> int:
        """Signed width of what one SIMD lane adds up for an output, without bias; 2 at least, as a pair's half has."""
        parts = self.values.reshape(self.outputs, self.steps, self.simd)
        positive = np.maximum(parts, 0).sum(axis=1, dtype=np.int64)
        negative = np.minimum(parts, 0).sum(axis=1, dtype=np.int64)
        x_lo, x_hi = min(self.x.lo, 0), max(self.x.hi, 0)
        lo, hi = (positive * x_lo + negative * x_hi).min(), (positive * x_hi + negative * x_lo).max()
        return bits_for_range(min(int(lo), -1), max(int(hi), 1))

    @cached_property
    def _set_bits(self) -> tuple[IntArray, IntArray]:
        """(outputs, simd), twice: bits that are set in some of the weights of an output's lane, and in all of them."""
        steps = self.values.reshape(self.outputs, self.steps, self.simd)
        return np.bitwise_or.reduce(steps, axis=1), np.bitwise_and.reduce(steps, axis=1)

    def set_bits(self, pe: int) -> tuple[IntArray, IntArray]:
        """(pe, simd), twice: the same of all weights of a lane of `pe` outputs at once."""
        some, every = (_in_groups(bits, pe) for bits in self._set_bits)
        return np.bitwise_or.reduce(some), np.bitwise_and.reduce(every)


@dataclass(frozen=True, eq=False)
class Mvu:
    """One unit for the matrix.

    Its multipliers lie in `units` runs side by side, each of `matrix.simd` of the folding's lanes and as large a part
    of its outputs. vectors: that all outputs are made of, each of as many of them.
    """

    matrix: Matrix
    accumulators: TensorType
    folding: Folding
    units: int = 1
    vectors: int = 1

    @property
    def steps(self) -> int:
        return self.matrix.steps

    @property
    def outputs(self) -> int:
        return self.matrix.outputs

    @property
    def x(self) -> TensorType:
        return self.matrix.x

    @property
    def weight_bits(self) -> int:
        return self.matrix.weight_bits

    @property
    def bias_bits(self) -> int:
        return self.matrix.bias_bits

    @property
    def sum_bits(self) -> int:
        return self.matrix.sum_bits

    @property
    def groups(self) -> int:
        return math.ceil(self.outputs / self.folding.pe)

    @property
    def interval_cycles(self) -> int:
        """Cycles in which all outputs are made once."""
        return self.groups * self.steps

    @property
    def latency_cycles(self) -> int:
        """From a vector's first beat to its first output, beats coming without a gap."""
        return 2 * self.steps + 5 + self.tree_levels

    @property
    def vector_cycles(self) -> int:
        """Cycles of work on a vector; the next one is in the other bank by then."""
        return self.interval_cycles // self.vectors

    @property
    def spread_cycles(self) -> int:
        """From the first of the outputs that leave to the last: those of a group leave while the next is computed."""
        turns = self.folding.pe // self.out_lanes
        return (self.groups - 1) * self.steps + self.out_beats - (self.groups - 1) * turns - 1

    @property
    def tree_levels(self) -> int:
        """Adders after one another behind the multipliers: SIMD parts and the bias."""
        return self.matrix.simd.bit_length()

    @cached_property
    def out_lanes(self) -> int:
        """The fewest lanes that do not slow the unit down."""
        return next(lanes for lanes in divisors(self.folding.pe) if self.folding.pe // lanes <= self.steps)

    @property
    def out_beats(self) -> int:
        return math.ceil(self.outputs / self.out_lanes)

    @cached_property
    def packed(self) -> bool:
        """Whether two outputs share a DSP slice."""
        lowest = self.matrix.lowest == -(1 << (self.weight_bits - 1))
        fits = self.weight_bits + self.sum_bits + lowest <= DSP_FACTOR_BITS
        return self.folding.products == "dsp" and self.folding.pair and self.folding.pe > self.units and fits

    @property
    def weight_memory(self) -> tuple[int, int]:
        """(depth, width)."""
        return self.groups * self.steps, self.multipliers * self.weight_bits

    @property
    def bias_memory(self) -> tuple[int, int]:
        return self.out_beats, self.out_lanes * self.bias_bits

    @property
    def input_memory(self) -> tuple[int, int]:
        return 2 << (self.steps - 1).bit_length(), self.folding.inputs * self.x.bits

    @cached_property
    def weight_block(self) -> bool:
        """Whether the weights are in block RAM."""
        chosen = self.folding.weights
        if chosen:
            return chosen == "block" and self.weight_memory[0] > 1  # a single word is no memory
        return rom_in_block(*self.weight_memory)

    @cached_property
    def bias_block(self) -> bool:
        return rom_in_block(*self.bias_memory)

    @property
    def weight_words(self) -> IntArray:
        """(depth, weights a word) as the weights lie in their memory, zero where there is no output."""
        return fold_matrix(self.matrix.values, self.folding.pe, self.matrix.simd)

    @property
    def bias_words(self) -> IntArray:
        """(beats, lanes) of what leaves."""
        return in_lanes(self.matrix.bias, self.out_lanes)

    @cached_property
    def input_block(self) -> bool:
        return ram_in_block(*self.input_memory)

    @property
    def multipliers(self) -> int:
        """Multiplications by a weight that it does a cycle."""
        return self.folding.pe * self.matrix.simd

    @property
    def burst(self) -> int:
        """Outputs that leave at once, with a pause before the next; 0 if there is but one such burst."""
        return self.folding.pe if self.groups > 1 else 0


def _in_groups(rows: IntArray, pe: int) -> IntArray:
    """(groups, pe, columns) of rows, `pe` at once, zeros past the last."""
    padded = np.zeros((-(-len(rows) // pe) * pe, rows.shape[1]), dtype=np.int64)
    padded[: len(rows)] = rows
    return padded.reshape(-1, pe, rows.shape[1])


def fold_matrix(weight: IntArray, pe: int, simd: int) -> IntArray:
    """Weights (C_out, K) in the order a folded matrix-vector unit reads them.

    Returns (ceil(C_out / pe) * ceil(K / simd), pe * simd): one row a cycle, lane `p * simd + s` the weight of output
    `group * pe + p` and input `step * simd + s`; zero where the folding overhangs.
    """
    groups, steps = -(-weight.shape[0] // pe), -(-weight.shape[1] // simd)
    padded = np.zeros((groups * pe, steps * simd), dtype=np.int64)
    padded[: weight.shape[0], : weight.shape[1]] = weight
    return padded.reshape(groups, pe, steps, simd).transpose(0, 2, 1, 3).reshape(groups * steps, pe * simd)
