"""Prices of the folded matrix-vector unit (`hardware/mvu.py`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from types import ModuleType
from typing import NamedTuple

from codesign.cost import window as window_cost
from codesign.cost import window_taps as taps_cost
from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients, remembered
from codesign.cost.memory import choice_luts, count_varying, rom_block_luts, table_luts, varying_bits
from codesign.graph.types import TensorType
from codesign.hardware.folding import count_bits
from codesign.hardware.memory import block_ramb18, in_lanes, ram_luts, rom_ramb18
from codesign.hardware.mvu import Matrix, Mvu, fold_matrix
from codesign.hardware.window import Window
from codesign.hardware.window_taps import WindowTaps

LEAST_DSP_PRODUCT = 9
"""Bits of the smallest product for which Yosys takes a DSP slice."""

MOST_DIGITS = 4
"""Digits of weights that have coefficients of their own."""

SHIFTED_FROM = 3
"""Registers behind each other from which on Yosys takes a shift register."""


class ControlLuts(NamedTuple):
    control: float
    counter_bit: float


class DigitLuts(NamedTuple):
    """LUTs of a product in `mac.sv`, by the weight's digits of two bits."""

    product: float
    x_bit: float
    signed: float


class ArrayLuts(NamedTuple):
    """LUTs of a product that Yosys makes, by the weight's bits."""

    bit_pair: float


def convolution(window: Window | WindowTaps | None, unit: Mvu, alone: BlockCost) -> BlockCost:
    """The unit, which takes `alone`, with the window in front of it, if there is one; all its outputs a pixel."""
    if window is None:
        return alone
    behind = 2 * unit.vector_cycles - unit.steps
    if isinstance(window, WindowTaps):
        price: ModuleType = taps_cost
        vectors = window.reads // unit.steps
        work = window.work_cycles(vectors, unit.steps, unit.interval_cycles // vectors)
        interval, timing = max(work, window.write_cycles), window.timing(work, behind)
    else:
        price = window_cost
        interval = max(alone.interval_cycles, window.interval_cycles)
        timing = window.turns(max(window.read_cycles, alone.interval_cycles), behind)
    return BlockCost(
        interval_cycles=interval,
        latency_cycles=window.latency_cycles + alone.latency_cycles,
        lut=price.lut(window) + alone.lut,
        ff=price.ff(window) + alone.ff,
        bram36=alone.bram36 + window.ramb18() / 2,
        dsp=alone.dsp,
        multipliers=alone.multipliers,
        spread_cycles=alone.spread_cycles,
        burst=alone.burst,
        **timing,
    )


def cost(unit: Mvu, vectors: int) -> BlockCost:
    """The unit alone, for frames in which all outputs are made `vectors` times."""
    return BlockCost(
        interval_cycles=vectors * unit.interval_cycles,
        latency_cycles=unit.latency_cycles,
        lut=_lut(unit),
        ff=_ff(unit),
        bram36=ramb18(unit) / 2,
        dsp=_dsp(unit),
        multipliers=unit.multipliers,
        spread_cycles=unit.spread_cycles,
        burst=unit.burst,
    )


def ramb18(unit: Mvu) -> int:
    """RAMB18 halves of weights and biases, by what they hold, and of vectors."""
    count = sum(rom_ramb18(*memory) for memory in _block_roms(unit))
    return count + (block_ramb18(*unit.input_memory) if unit.input_block else 0)


def memory_luts(unit: Mvu) -> int:
    """Look-up tables of weights, biases and vectors that are not in block RAM, and of the choice between block RAMs."""
    weights = 0 if unit.weight_block else _weight_luts(unit.matrix, unit.folding.pe, unit.weight_bits)
    biases = 0 if unit.bias_block else _bias_luts(unit.matrix, unit.out_lanes)
    choices = sum(rom_block_luts(*memory) for memory in _block_roms(unit))
    return weights + biases + choices + (0 if unit.input_block else ram_luts(*unit.input_memory))


def _block_roms(unit: Mvu) -> list[tuple[int, int]]:
    """(depth, bits that are not left out) of weights and biases that are in block RAM."""
    found = []
    if unit.weight_block:
        found.append((unit.weight_memory[0], _weight_columns(unit.matrix, unit.folding.pe, unit.weight_bits)))
    if unit.bias_block:
        found.append((unit.out_beats, varying_bits(unit.bias_words, unit.bias_bits)))
    return found


def counter_bits(unit: Mvu) -> int:
    """Flip-flops of the counters: steps, twice, groups, weights, held sums, and beats that leave."""
    turns = unit.folding.pe // unit.out_lanes
    counts = (unit.steps, unit.steps, unit.groups, unit.weight_memory[0], turns, unit.out_beats)
    return sum(map(count_bits, counts))


def in_tables(x: TensorType, weight_bits: int, sum_bits: int) -> bool:
    """Whether a product is too small for a DSP slice, as Yosys sees it.

    Its activation is a signed number there; and bits that do not go into the sum are none.
    """
    return min(signed_bits(x) + weight_bits, sum_bits) < LEAST_DSP_PRODUCT


def array_luts(x: TensorType, weight_bits: int) -> int:
    """Look-up tables of a product that is too small for a DSP slice."""
    return round(coefficients(f"mvu.array_{min(weight_bits, 4)}", ArrayLuts).bit_pair * x.bits * weight_bits)


def signed_bits(x: TensorType) -> int:
    """Width of an activation as a signed number."""
    return x.bits + (0 if x.signed else 1)


def _dsp(unit: Mvu) -> int:
    run = unit.folding.pe // unit.units
    return unit.folding.inputs * (math.ceil(run / 2) if unit.packed else run) - _soft(unit)


def _lut(unit: Mvu) -> int:
    """Besides tables and memory: the choice of held sums, their adders, and counters and control."""
    tree, luts = _tree(unit), coefficients("mvu", ControlLuts)
    choose = choice_luts(unit.folding.pe // unit.out_lanes) * _part_bits(unit) * unit.matrix.simd
    leaving = unit.out_lanes * (choose + tree.adders + tree.shifts)
    counters = 2 * count_bits(unit.steps) + count_bits(unit.weight_memory[0])
    return memory_luts(unit) + round(luts.control + luts.counter_bit * counters) + leaving + _product_luts(unit)


def _product_luts(unit: Mvu) -> int:
    """What products and their sums without DSP slices take: `mac.sv`'s own form, or what Yosys makes of small ones.

    In the former three times an activation, which is one of the multiples that digits choose from, is made once for
    all outputs. Weights of more digits than any block had that was fitted take in proportion.
    """
    soft = _soft(unit)
    if not soft:
        return 0
    sums = unit.sum_bits if unit.steps > 1 else 0  # else a product is its own sum
    if unit.folding.products == "dsp":
        return soft * (array_luts(unit.x, unit.weight_bits) + sums)
    digits = (unit.weight_bits + 1) // 2
    thrice = unit.folding.inputs * unit.x.bits if digits > 1 else 0
    fitted = min(digits, MOST_DIGITS)
    luts = coefficients(f"mvu.digits_{fitted}", DigitLuts)
    product = luts.product + luts.x_bit * unit.x.bits + unit.x.signed * luts.signed
    return thrice + round(soft * (product * digits / fitted + sums))


def _ff(unit: Mvu) -> int:
    """A pair's two weights from look-up tables have one register more, before the slice that they share."""
    control = counter_bits(unit) + unit.tree_levels + 10
    leaving = unit.out_lanes * (_tree(unit).registers + unit.bias_bits)
    pairs = unit.folding.pe // unit.units // 2 * unit.folding.inputs if unit.packed else 0
    held = unit.multipliers * unit.sum_bits + pairs * (0 if unit.weight_block else unit.weight_bits)
    return control + held + leaving + unit.folding.inputs * unit.x.bits + _soft_ff(unit)


def _soft(unit: Mvu) -> int:
    """Multipliers in look-up tables: all, or those that share no slice and are too small for one of their own."""
    if unit.folding.products == "lut":
        return unit.multipliers
    single = unit.folding.pe // unit.units % 2 * unit.units if unit.packed else unit.folding.pe
    return single * unit.matrix.simd if in_tables(unit.x, unit.weight_bits, unit.sum_bits) else 0


def _soft_ff(unit: Mvu) -> int:
    """Flip-flops of products in look-up tables, which hold an activation once for all outputs and weights twice."""
    soft = _soft(unit)
    activations = unit.folding.inputs * signed_bits(unit.x) if soft else 0
    weights = unit.weight_bits if unit.weight_block else 2 * unit.weight_bits
    product_bits = signed_bits(unit.x) + unit.weight_bits
    return activations + soft * (unit.sum_bits + product_bits + weights)


def _part_bits(unit: Mvu) -> int:
    return min(unit.sum_bits, unit.accumulators.bits)


def _tree(unit: Mvu) -> _Tree:
    return _Tree.of(unit.matrix.simd, _part_bits(unit), unit.bias_bits, unit.accumulators.bits)


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


# A block has as many foldings of one unit as it has places for its rings and products, one behind the other.


@remembered(maxsize=64)
def _weight_luts(matrix: Matrix, pe: int, bits: int) -> int:
    """Look-up tables of the weights, if they are there."""
    return table_luts(fold_matrix(matrix.values, pe, matrix.simd)[None], bits)


@remembered(maxsize=64)
def _bias_luts(matrix: Matrix, lanes: int) -> int:
    """The same of the biases."""
    return table_luts(in_lanes(matrix.bias, lanes)[None], matrix.bias_bits)


@lru_cache(maxsize=64)
def _weight_columns(matrix: Matrix, pe: int, bits: int) -> int:
    """Columns of bits of the weights that a block RAM does not leave out; see `varying_bits`."""
    return count_varying(*matrix.set_bits(pe), bits)
