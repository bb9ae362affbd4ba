"""Price of `mul.sv`."""

from __future__ import annotations

import math
from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.mvu import LEAST_DSP_PRODUCT
from codesign.graph.ops.mul import Mul
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import ram_luts
from codesign.hardware.ops.mul import Products, products

LATENCY = 3


class Luts(NamedTuple):
    """held_bit: of a second factor that is held for several products; bit_pair: of the factors of a product that takes
    no DSP slice."""

    control: float
    held_bit: float
    bit_pair: float


def cost(op: Mul, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (y,), unit = outputs, products(inputs, folding)
    counters = count_bits(unit.beats) + count_bits(unit.pixels)
    in_slice = sum(unit.factor_bits) >= LEAST_DSP_PRODUCT
    return BlockCost(
        interval_cycles=y.pixels * beats(y.channels, folding.pe),
        latency_cycles=LATENCY,
        lut=_lut(unit, y.bits, in_slice) + counters,
        ff=_ff(unit, y.bits, in_slice) + counters,
        bram36=0,
        dsp=folding.pe * in_slice,
    )


def _lut(unit: Products, y_bits: int, in_slice: bool) -> int:
    """A multiplexer of the stream register a bit of y, and one of what is held a bit of the second factor."""
    luts, (depth, width) = coefficients("mul", Luts), unit.held
    lane = y_bits if in_slice else y_bits + luts.bit_pair * math.prod(unit.factor_bits)
    held = ram_luts(depth, width) if depth > 1 else 0
    return round(unit.folding.pe * lane + luts.held_bit * width * (depth > 0) + luts.control) + held


def _ff(unit: Products, y_bits: int, in_slice: bool) -> int:
    """The stream register, and where no slice has them, factors and product; lanes share a factor that all have."""
    depth, width = unit.held
    shared = unit.b.bits if unit.spread else 0
    lane = 2 * y_bits if in_slice else 3 * y_bits + unit.a.bits + (0 if unit.spread else unit.b.bits)
    return unit.folding.pe * lane + shared + width * (depth == 1) + 4
