"""Price of `mul.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.mvu import LEAST_DSP_PRODUCT
from codesign.graph.ops.mul import Mul
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, Types, count_bits
from codesign.hardware.memory import ram_luts
from codesign.hardware.ops.mul import Products, products

LATENCY = 3


class Luts(NamedTuple):
    """memory: beside one that holds a second factor for several products; held_bit: of each bit that is held.

    bit_pair: of the factors of a product that takes no DSP slice.
    """

    control: float
    memory: float
    held_bit: float
    bit_pair: float


def cost(op: Mul, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    return price(products(inputs, folding), outputs[0])


def price(unit: Products, y: TensorType) -> BlockCost:
    """The price of `mul.sv`, in whatever block it is."""
    in_slice, lanes = min(sum(unit.factor_bits), y.bits) >= LEAST_DSP_PRODUCT, unit.folding.pe
    return BlockCost(
        interval_cycles=y.pixels * unit.beats,
        latency_cycles=LATENCY,
        lut=_lut(unit, y.bits, in_slice),
        ff=_ff(unit, y.bits, in_slice),
        bram36=0,
        dsp=lanes * in_slice,
    )


def _counter_bits(unit: Products) -> int:
    return count_bits(unit.beats) + count_bits(unit.pixels)


def _lut(unit: Products, y_bits: int, in_slice: bool) -> int:
    """A multiplexer of the stream register a bit of y, and one of what is held a bit of the second factor."""
    luts, (depth, width) = coefficients("mul", Luts), unit.held
    lane = y_bits if in_slice else y_bits + luts.bit_pair * unit.a.bits * unit.b.bits
    held = luts.held_bit * width + _counter_bits(unit) if depth else 0
    memory = luts.memory + ram_luts(depth, width) if depth > 1 else 0
    return round(unit.folding.pe * lane + held + memory + luts.control)


def _ff(unit: Products, y_bits: int, in_slice: bool) -> int:
    """The stream register, and where no slice has them, factors and product; lanes share a factor that all have.

    A memory of what is held has an address of its own.
    """
    lanes, (depth, width) = unit.folding.pe, unit.held
    found = 2 * lanes * y_bits + 4
    if not in_slice:
        found += lanes * (unit.a.bits + y_bits) + unit.lanes * unit.b.bits
    if depth:
        found += _counter_bits(unit) + (count_bits(depth) if depth > 1 else width)
    return found
