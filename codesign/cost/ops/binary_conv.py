"""Price of a binary convolution, in both of its forms."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost import memory, mvu
from codesign.cost import window_bits as window_cost
from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.binary_conv import STAGE_LEVELS, Wired, Xnor, unit, window, window_bits, wired

CARRY_BITS = 4
"""Bits of a sum that one cell of a carry chain makes; synthesis leaves out cells, not parts of them."""


class FoldedLuts(NamedTuple):
    fixed: float
    counter_bit: float
    counted: float
    sum_bit: float


class WiredLuts(NamedTuple):
    table: float
    weight: float


def cost(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    if folding.wired:
        return _wired(wired(op, inputs, outputs, folding))
    built = unit(op, inputs, outputs, folding)
    return mvu.convolution(window(op, inputs, folding), built, _folded(built))


def plain_lut(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> int:
    """Look-up tables of the block if every output is counted by itself at the same rate."""
    if not folding.wired:
        return cost(op, inputs, outputs, folding).lut
    whole = window_bits(op, inputs, outputs, folding)
    return window_cost.lut(whole) + round(coefficients("binary_conv.wired", WiredLuts).weight * op.weight.size)


def _wired(form: Wired) -> BlockCost:
    luts = coefficients("binary_conv.wired", WiredLuts)
    latency, waiting = form.latency_cycles, form.graph.registers(STAGE_LEVELS, behind=1)
    return BlockCost(
        interval_cycles=form.window.interval_cycles,
        latency_cycles=form.window.latency_cycles + latency + 1,
        lut=round(luts.table * form.graph.lut) + waiting.shift_registers + window_cost.lut(form.window),
        ff=waiting.flip_flops + window_cost.ff(form.window) + latency + 1,
        bram36=form.window.ramb18() / 2,
        dsp=0,
    )


def _folded(built: Xnor) -> BlockCost:
    """The unit alone."""
    return BlockCost(
        interval_cycles=built.accumulators.pixels * built.interval_cycles,
        latency_cycles=built.latency_cycles,
        lut=_lut(built),
        ff=_ff(built),
        bram36=mvu.ramb18(built) / 2,
        dsp=0,
        multipliers=built.multipliers,
        spread_cycles=built.spread_cycles,
        burst=built.burst,
    )


def _lut(built: Xnor) -> int:
    """Counters and control; bits that agree, adders of their count, the sum; the choice of held sums."""
    simd, pe, made = built.folding.inputs, built.folding.pe, _made_bits(built)
    luts = coefficients("binary_conv.folded", FoldedLuts)
    sums = 0 if built.steps == 1 else made
    each = 2 * simd + luts.counted * (simd - simd.bit_length()) + luts.sum_bit * sums
    choose = built.out_lanes * made * memory.choice_luts(pe // built.out_lanes)
    return mvu.memory_luts(built) + round(luts.fixed + luts.counter_bit * mvu.counter_bits(built) + pe * each) + choose


def _ff(built: Xnor) -> int:
    """Counters and control; bits of x and of weights from look-up tables; what agrees, counts and sums; the output.

    The highest bit of a sum, where no output has it, is left out if the carry chain's cells end before it.
    """
    pe, simd, sums, made = built.folding.pe, built.folding.inputs, _made_bits(built), built.accumulators.bits
    beyond = built.steps > 1 and built.sum_bits > made and sums % CARRY_BITS > 0
    weights = 0 if built.weight_block else pe * simd
    held = pe * (simd + simd.bit_length() + 2 * sums + beyond)
    leaving = built.out_lanes * (sums + built.bias_bits + made)
    return mvu.counter_bits(built) + 11 + simd + weights + held + leaving


def _made_bits(built: Xnor) -> int:
    """Bits of a sum that an output has; the lowest of twice a number of bits is none."""
    return built.folding.inputs.bit_length() if built.steps == 1 else min(built.sum_bits, built.accumulators.bits) - 1
