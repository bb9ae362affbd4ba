"""Geometry and cost of the folded matrix-vector unit (`rtl_sim/rtl/mvu.sv`) behind convolutions and `linear`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from codesign.cost._memory import block_ramb18, ram_in_block, ram_luts, rom_in_block, rom_luts, rom_ramb18
from codesign.cost._window import Window
from codesign.cost.base import MOST_LANES, BlockCost, Folding, beats, divisors
from codesign.graph.ops.base import IntArray
from codesign.graph.types import TensorType, bits_for_range

PRODUCTS: tuple[Literal["dsp", "lut"], ...] = ("dsp", "lut")

DSP_FACTOR_BITS = 25
"""Width of the larger factor of a DSP48E1, which takes two packed weights."""

ADDERS = {1: 0.9, 2: 2.0, 3: 2.0, 4: 3.4}
"""LUTs for each bit of a product made without DSP slices, by its weight's digits of two bits; fitted to xc7."""


def foldings(outputs: int, inputs: int) -> tuple[Folding, ...]:
    """Foldings of `outputs` by `inputs` a vector, cheapest first.

    Of the factors that give the same number of groups, or of beats, only the smallest is of use.
    """
    pes, simds = ({beats(n, beats(n, k)) for k in range(1, min(n, MOST_LANES) + 1)} for n in (outputs, inputs))
    pairs = [Folding(pe, simd) for pe in pes for simd in simds]
    return tuple(sorted(pairs, key=lambda f: (f.pe * f.simd, f.simd)))


def placed(found: Iterable[Folding]) -> Iterator[Folding]:
    """Each folding with its weights in block RAM and in LUTs."""
    for folding in found:
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
        """Signed width of what one SIMD lane adds up for an output, without bias."""
        parts = self.values.reshape(self.outputs, self.steps, self.simd)
        positive = np.maximum(parts, 0).sum(axis=1, dtype=np.int64)
        negative = np.minimum(parts, 0).sum(axis=1, dtype=np.int64)
        x_lo, x_hi = min(self.x.lo, 0), max(self.x.hi, 0)
        lo, hi = (positive * x_lo + negative * x_hi).min(), (positive * x_hi + negative * x_lo).max()
        return bits_for_range(min(int(lo), -1), int(hi))


@dataclass(frozen=True, eq=False)
class Mvu:
    """One unit for the matrix.

    Its multipliers lie in `units` runs side by side, each of `matrix.simd` of the folding's lanes and as large a part
    of its outputs.
    """

    matrix: Matrix
    accumulators: TensorType
    folding: Folding
    units: int = 1

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
        return chosen == "block" if chosen else rom_in_block(*self.weight_memory)

    @cached_property
    def bias_block(self) -> bool:
        return rom_in_block(*self.bias_memory)

    @cached_property
    def input_block(self) -> bool:
        return ram_in_block(*self.input_memory)

    @property
    def multipliers(self) -> int:
        return self.folding.pe * self.matrix.simd

    def dsp(self) -> int:
        if self.folding.products == "lut":
            return 0
        run = self.folding.pe // self.units
        return self.folding.simd * (math.ceil(run / 2) if self.packed else run)

    @property
    def memories(self) -> tuple[tuple[tuple[int, int], bool], ...]:
        """((depth, width), in block RAM) of weights and biases."""
        return (self.weight_memory, self.weight_block), (self.bias_memory, self.bias_block)

    def ramb18(self) -> int:
        roms = sum(rom_ramb18(*memory) for memory, in_block in self.memories if in_block)
        return roms + (block_ramb18(*self.input_memory) if self.input_block else 0)

    def lut(self) -> int:
        pe, simd = self.folding.pe, self.matrix.simd
        tables = sum(rom_luts(*memory) for memory, in_block in self.memories if not in_block)
        buffer = 0 if self.input_block else ram_luts(*self.input_memory)
        turns = pe // self.out_lanes
        choose = math.ceil((turns - 1) / 3) * self.sum_bits * simd * self.out_lanes
        add = simd * self.out_lanes * self.accumulators.bits
        control = 30 + 3 * (self.steps.bit_length() + self.groups.bit_length()) + 2 * self.out_beats.bit_length()
        return tables + buffer + choose + add + control + self.product_luts()

    def product_luts(self) -> int:
        """What `mac.sv` takes for products and their sums without DSP slices.

        A product is a sum of as many rows as its weight has digits of two bits; three times an activation, which is
        one of the multiples in a row, is made once for all outputs.
        """
        if self.folding.products == "dsp":
            return 0
        digits, bits = (self.weight_bits + 1) // 2, self.product_bits
        thrice = self.folding.simd * self.x.bits if digits > 1 else 0
        return thrice + round(self.multipliers * (ADDERS[digits] * bits + self.sum_bits))

    @property
    def product_bits(self) -> int:
        return self.x.bits + (not self.x.signed) + self.weight_bits

    def ff(self) -> int:
        simd = self.matrix.simd
        held = self.multipliers * self.sum_bits
        if self.folding.products == "lut":
            held += self.multipliers * (self.sum_bits + self.product_bits + self.weight_bits)
        leaving = self.out_lanes * (simd * self.sum_bits + self.bias_bits + simd * self.accumulators.bits)
        return held + leaving + self.folding.simd * self.x.bits + 40 + 5 * self.multipliers

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
        )


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
        **window.turns(max(window.read_cycles, alone.interval_cycles)),
    )
