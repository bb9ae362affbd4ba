"""Prices of the vector-vector unit (`hardware/vvu.py`) with its window."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost import window as window_cost
from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import rom_block_luts, table_luts, varying_bits
from codesign.cost.mvu import array_luts, in_tables, signed_bits
from codesign.hardware.folding import count_bits
from codesign.hardware.memory import rom_ramb18
from codesign.hardware.vvu import Vvu


class Luts(NamedTuple):
    control: float
    counter_bit: float


def cost(unit: Vvu) -> BlockCost:
    """The window and the unit."""
    window = unit.window
    lanes, tables, ramb18 = window.lanes, 0, window.ramb18()
    for memory, words, bits in (
        (unit.weight_memory, unit.weight_words, unit.weight_bits),
        (unit.bias_memory, unit.bias_words, unit.bias_bits),
    ):
        if unit.in_block(memory):
            columns = varying_bits(words, bits)
            ramb18 += rom_ramb18(memory[0], columns)
            tables += rom_block_luts(memory[0], columns)
        else:
            tables += table_luts(words[None], bits)
    luts, counters = coefficients("vvu", Luts), count_bits(unit.taps) + 2 * count_bits(window.beats)
    control = int(luts.control + luts.counter_bit * counters)
    soft = _soft(unit)
    products = lanes * _soft_lut(unit) if soft else 0
    return BlockCost(
        interval_cycles=window.interval_cycles,
        latency_cycles=window.latency_cycles + unit.latency_cycles,
        lut=window_cost.lut(window) + tables + control + products,
        ff=window_cost.ff(window) + _ff(unit),
        bram36=ramb18 / 2,
        dsp=0 if soft else lanes,
        multipliers=lanes,
        **window.turns(window.read_cycles, unit.behind_cycles),
    )


def _soft(unit: Vvu) -> bool:
    """Whether products are made in look-up tables."""
    return in_tables(unit.window.x, unit.weight_bits, unit.accumulators.bits)


def _soft_lut(unit: Vvu) -> int:
    """Look-up tables of a lane's product and sum, and of the shift register that brings the bias."""
    return array_luts(unit.window.x, unit.weight_bits) + unit.accumulators.bits + unit.bias_bits


def _ff(unit: Vvu) -> int:
    """Flip-flops of the unit: its counters, and in a lane the result, and twice the bias on its way to the first sum.

    That way is a shift register where the sum is not in a DSP slice.
    """
    beats, acc = unit.window.beats, unit.accumulators.bits
    counts = (unit.taps, beats, unit.taps * beats) if beats > 1 else (unit.taps,)
    lane = _soft_ff(unit) if _soft(unit) else 2 * unit.bias_bits - 1
    return sum(map(count_bits, counts)) + 11 + unit.window.lanes * (acc + lane)


def _soft_ff(unit: Vvu) -> int:
    """Flip-flops of a `mac` in look-up tables: factors, the weight as its memory gives it too, product and sum."""
    factors = signed_bits(unit.window.x) + unit.weight_bits
    return unit.accumulators.bits + 2 * factors + unit.weight_bits
