"""Price of `rescale.sv`, or of `threshold.sv` where it is built as that."""

from __future__ import annotations

import math
from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import rom_block_luts, table_luts, varying_bits
from codesign.cost.mvu import LEAST_DSP_PRODUCT
from codesign.cost.ops import threshold
from codesign.graph.op import IntArray
from codesign.graph.ops.rescale import Rescale
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import rom_ramb18
from codesign.hardware.ops.rescale import Multiplication, compared, multiplication

LATENCY = 4

DSP_WIDTHS = (25, 18)
"""Signed factors that a DSP48E1 takes; parts of wider ones have a bit less each."""


class Luts(NamedTuple):
    control: float


class LaneLuts(NamedTuple):
    """LUTs of a lane: of the clamp, of a product that takes no DSP slice, and of one that takes several."""

    clamped_bit: float
    above: float
    bit_pair: float
    joined_bit: float
    slice: float
    single_bit: float


class LaneFfs(NamedTuple):
    """Flip-flops of a lane: a slice keeps factors and product, not the sum; several leave what they are joined from."""

    sum_bit: float
    result_bit: float
    joined_bit: float
    slice: float


def cost(op: Rescale, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    if folding.products == "lut" and (steps := compared(op, x)):
        return threshold.cost(steps, inputs, outputs, folding)
    unit = multiplication(op, inputs, folding)
    each, counter = beats(x.channels, lanes), count_bits(unit.beats)
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=LATENCY + op.single,
        lut=_lut(unit, y.bits) + counter,
        ff=round(lanes * _lane_ff(unit, y.bits)) + counter + LATENCY + op.single + 1,
        bram36=sum(rom_ramb18(depth, varying_bits(words, bits)) for depth, words, bits in _roms(unit, True)) / 2,
        dsp=lanes * slices(unit),
        multipliers=0,
    )


def slices(unit: Multiplication) -> int:
    """DSP slices of a lane's product, whose wider factor Yosys gives the wider ports."""
    if sum(unit.factor_bits) < LEAST_DSP_PRODUCT:
        return 0
    parts = [
        1 if bits <= width else math.ceil(bits / (width - 1))
        for bits, width in zip(unit.factor_bits, DSP_WIDTHS, strict=True)
    ]
    return math.prod(parts)


def _lut(unit: Multiplication, y_bits: int) -> int:
    luts, number = coefficients("rescale.lane", LaneLuts), slices(unit)
    lane = luts.clamped_bit * y_bits + luts.above * (unit.sum_bits - unit.shift - y_bits)
    if not number:
        lane += luts.bit_pair * math.prod(unit.factor_bits) + unit.sum_bits
    if number > 1:
        lane += luts.joined_bit * unit.sum_bits + luts.slice * (number - 1)
    if unit.op.single:
        lane += luts.single_bit * unit.shift
    tables = sum(table_luts(words[None], bits) for _, words, bits in _roms(unit, False))
    tables += sum(rom_block_luts(depth, varying_bits(words, bits)) for depth, words, bits in _roms(unit, True))
    return round(unit.folding.pe * lane) + tables + round(coefficients("rescale", Luts).control)


def _lane_ff(unit: Multiplication, y_bits: int) -> float:
    ffs, number = coefficients("rescale.lane_ff", LaneFfs), slices(unit)
    lane = ffs.sum_bit * unit.sum_bits + ffs.result_bit * y_bits
    if not number:
        lane += unit.x.bits + unit.multiplier_bits + 2 * unit.offset_bits + unit.sum_bits
    if number > 1:
        lane += ffs.joined_bit * unit.sum_bits + ffs.slice * (number - 1)
    if unit.op.single:
        lane += unit.sum_bits - unit.shift
    return lane


def _roms(unit: Multiplication, block: bool) -> list[tuple[int, IntArray, int]]:
    """(depth, words, bits of an integer) of the tables that are in block RAM, or that are not."""
    tables = ((unit.multipliers, unit.multiplier_bits), (unit.offsets, unit.offset_bits))
    return [
        (unit.beats, words, bits)
        for (words, bits), inside in zip(tables, unit.in_block, strict=True)
        if inside is block
    ]
