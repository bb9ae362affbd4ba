"""Geometry and cost of the folded matrix-vector unit (`rtl_sim/rtl/mvu.sv`) behind convolutions and `linear`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Literal

import numpy as np

from codesign.cost._memory import (
    block_ramb18,
    choice_luts,
    count_varying,
    in_lanes,
    ram_in_block,
    ram_luts,
    rom_in_block,
    rom_ramb18,
    table_luts,
    varying_bits,
)
from codesign.cost._window import Window
from codesign.cost.base import MOST_LANES, BlockCost, Folding, beats, count_bits, divisors
from codesign.graph.ops.base import IntArray
from codesign.graph.types import TensorType, bits_for_range

PRODUCTS: tuple[Literal["dsp", "lut"], ...] = ("dsp", "lut")

LEAST_BLOCK_WORDS = 17
"""Words of weights from which on block RAM is offered for them.

Of fewer, many columns of bits are alike in all words or equal others, so that LUTs hold them for little, and synthesis
moves those that are alike from a block RAM into the multipliers.
"""

LEAST_DSP_PRODUCT = 9
"""Bits of the smallest product for which Yosys takes a DSP slice."""

SHIFTED_FROM = 3
"""Registers behind each other from which on Yosys takes a shift register."""

DSP_FACTOR_BITS = 25
"""Width of the larger factor of a DSP48E1, which takes two packed weights."""

DIGIT_LUTS = {1: (3, 1.0, 0), 2: (2, 3.1, -1), 3: (4, 3.2, 2), 4: (11, 5.8, 9)}
"""LUTs of a product in `mac.sv`: of any, for each bit of its activation, and if that has a sign, by the weight's digits
of two bits; a fit."""

ARRAY_LUTS = {1: 1.0, 2: 1.0, 3: 1.15, 4: 1.6}
"""LUTs that Yosys makes of a product for each pair of an activation's and a weight's bits, by the weight's bits."""


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


def in_tables(x: TensorType, weight_bits: int, sum_bits: int) -> bool:
    """Whether a product is too small for a DSP slice, as Yosys sees it.

    Its activation is a signed number there; and bits that do not go into the sum are none.
    """
    return min(signed_bits(x) + weight_bits, sum_bits) < LEAST_DSP_PRODUCT


def array_luts(x: TensorType, weight_bits: int) -> int:
    """Of a product that is too small for a DSP slice."""
    return round(ARRAY_LUTS.get(weight_bits, ARRAY_LUTS[4]) * x.bits * weight_bits)


def signed_bits(x: TensorType) -> int:
    return x.bits + (0 if x.signed else 1)


@dataclass(frozen=True)
class _Tree:
    """The adders that make an output of the parts of its SIMD lanes and its bias: a heap with zeros at missing leaves.

    registers: flip-flops, without those that pass a part on through so many that they become a shift register. shifts:
    bits of such. adders: bits of sums.
    """

    registers: int
    shifts: int
    adders: int

    @classmethod
    @cache
    def of(cls, parts: int, part_bits: int, bias_bits: int, most: int) -> _Tree:
        leaves = 1 << parts.bit_length()
        bits = {leaves: bias_bits} | {leaves + 1 + s: part_bits if s < parts else 0 for s in range(leaves - 1)}
        chain = {leaves: 1} | {leaves + 1 + s: 1 for s in range(parts)}  # registers behind each other
        registers, shifts, adders = parts * part_bits, 0, 0
        for node in range(leaves - 1, 0, -1):
            sides = [side for side in (2 * node, 2 * node + 1) if bits[side]]
            widest = max((bits[side] for side in sides), default=0)
            bits[node] = min(most, widest + 1) if len(sides) == 2 else widest
            chain[node] = chain[sides[0]] + 1 if len(sides) == 1 else 1
            registers += bits[node]
            if len(sides) == 2:
                adders += bits[node]
                ended = [side for side in sides if chain[side] >= SHIFTED_FROM]
                registers -= sum(chain[side] * bits[side] for side in ended)
                shifts += sum(bits[side] for side in ended)
        return cls(registers, shifts, adders)


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
        return 2 << (self.steps - 1).bit_length(), self.folding.simd * self.x.bits

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
        return self.folding.pe * self.matrix.simd

    def dsp(self) -> int:
        run = self.folding.pe // self.units
        return self.folding.simd * (math.ceil(run / 2) if self.packed else run) - self.soft()

    def pairs(self) -> int:
        """Slices that two outputs share; of two weights from look-up tables one has a register before the slice."""
        return self.folding.pe // self.units // 2 * self.folding.simd if self.packed else 0

    def ramb18(self) -> int:
        """Of weights and biases by what they hold, and of vectors."""
        count = 0
        if self.weight_block:
            count += _weight_ramb18(self.matrix, self.folding.pe, self.weight_bits)
        if self.bias_block:
            count += rom_ramb18(self.out_beats, varying_bits(self.bias_words, self.bias_bits))
        return count + (block_ramb18(*self.input_memory) if self.input_block else 0)

    def memory_luts(self) -> int:
        """Of weights, biases and vectors that are not in block RAM."""
        weights = 0 if self.weight_block else _weight_luts(self.matrix, self.folding.pe, self.weight_bits)
        biases = 0 if self.bias_block else _bias_luts(self.matrix, self.out_lanes)
        return weights + biases + (0 if self.input_block else ram_luts(*self.input_memory))

    def lut(self) -> int:
        """Besides tables and memory: the choice of held sums, their adders, and, a fit, counters and control."""
        choose = choice_luts(self.folding.pe // self.out_lanes) * self._part_bits * self.matrix.simd
        leaving = self.out_lanes * (choose + self._tree.adders + self._tree.shifts)
        counters = 2 * count_bits(self.steps) + count_bits(self.weight_memory[0])
        return self.memory_luts() + round(28 + 0.95 * counters) + leaving + self.product_luts()

    def product_luts(self) -> int:
        """What products and their sums without DSP slices take: `mac.sv`'s own form, or what Yosys makes of small ones.

        In the former three times an activation, which is one of the multiples that digits choose from, is made once for
        all outputs.
        """
        if not self.soft():
            return 0
        sums = self.sum_bits if self.steps > 1 else 0  # else a product is its own sum
        if self.folding.products == "dsp":
            return self.soft() * (array_luts(self.x, self.weight_bits) + sums)
        digits = (self.weight_bits + 1) // 2
        thrice = self.folding.simd * self.x.bits if digits > 1 else 0
        fixed, each_bit, if_signed = DIGIT_LUTS[digits]
        product = fixed + each_bit * self.x.bits + self.x.signed * if_signed
        return thrice + round(self.soft() * (product + sums))

    @property
    def product_bits(self) -> int:
        return signed_bits(self.x) + self.weight_bits

    @property
    def counter_bits(self) -> int:
        """Flip-flops of the counters: steps, twice, groups, weights, held sums, and beats that leave."""
        turns = self.folding.pe // self.out_lanes
        counts = (self.steps, self.steps, self.groups, self.weight_memory[0], turns, self.out_beats)
        return sum(map(count_bits, counts))

    def ff(self) -> int:
        control = self.counter_bits + self.tree_levels + 10
        tree = self.out_lanes * (self._tree.registers + self.bias_bits)
        held = self.multipliers * self.sum_bits + self.pairs() * (0 if self.weight_block else self.weight_bits)
        return control + held + tree + self.folding.simd * self.x.bits + self.soft_ff()

    @cached_property
    def _tree(self) -> _Tree:
        return _Tree.of(self.matrix.simd, self._part_bits, self.bias_bits, self.accumulators.bits)

    @property
    def _part_bits(self) -> int:
        return min(self.sum_bits, self.accumulators.bits)

    def soft(self) -> int:
        """Multipliers in look-up tables: all, or those that share no slice and are too small for one of their own."""
        if self.folding.products == "lut":
            return self.multipliers
        single = self.folding.pe // self.units % 2 * self.units if self.packed else self.folding.pe
        return single * self.matrix.simd if in_tables(self.x, self.weight_bits, self.sum_bits) else 0

    def soft_ff(self) -> int:
        """Of products in look-up tables; an activation is held once for all outputs, a weight as it is read as well."""
        activations = self.folding.simd * signed_bits(self.x) if self.soft() else 0
        weights = self.weight_bits if self.weight_block else 2 * self.weight_bits
        return activations + self.soft() * (self.sum_bits + self.product_bits + weights)

    def cost(self, vectors: int) -> BlockCost:
        """Of the unit alone, for frames in which all outputs are made `vectors` times."""
        return BlockCost(
            interval_cycles=vectors * self.interval_cycles,
            latency_cycles=self.latency_cycles,
            lut=self.lut(),
            ff=self.ff(),
            bram36=self.ramb18() / 2,
            dsp=self.dsp(),
            multipliers=self.multipliers,
            spread_cycles=self.spread_cycles,
            burst=self.folding.pe if self.groups > 1 else 0,
        )


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


# A block has as many foldings of one unit as it has places for its rings and products, one behind the other.


@lru_cache(maxsize=64)
def _weight_luts(matrix: Matrix, pe: int, bits: int) -> int:
    """Of the weights, if they are in look-up tables."""
    return table_luts(fold_matrix(matrix.values, pe, matrix.simd)[None], bits)


@lru_cache(maxsize=64)
def _bias_luts(matrix: Matrix, lanes: int) -> int:
    """The same of the biases."""
    return table_luts(in_lanes(matrix.bias, lanes)[None], matrix.bias_bits)


@lru_cache(maxsize=64)
def _weight_ramb18(matrix: Matrix, pe: int, bits: int) -> int:
    """Of the weights, if they are in block RAM; see `varying_bits`."""
    return rom_ramb18(-(-matrix.outputs // pe) * matrix.steps, count_varying(*matrix.set_bits(pe), bits))


def behind(window: Window | None, unit: Mvu) -> BlockCost:
    """Cost of the unit with the window in front of it, if there is one: a convolution, all its outputs a pixel."""
    alone = unit.cost(unit.accumulators.pixels)
    if window is None:
        return alone
    return BlockCost(
        interval_cycles=max(alone.interval_cycles, window.interval_cycles),
        latency_cycles=window.latency_cycles + alone.latency_cycles,
        lut=window.lut() + alone.lut,
        ff=window.ff() + alone.ff,
        bram36=alone.bram36 + window.ramb18() / 2,
        dsp=alone.dsp,
        multipliers=alone.multipliers,
        spread_cycles=alone.spread_cycles,
        burst=alone.burst,
        **window.turns(max(window.read_cycles, alone.interval_cycles), 2 * unit.vector_cycles - unit.steps),
    )
