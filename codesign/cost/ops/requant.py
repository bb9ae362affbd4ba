"""Price of `requant.sv`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import table_luts
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, Types, beats
from codesign.hardware.memory import in_lanes


class Luts(NamedTuple):
    control: float


class LaneLuts(NamedTuple):
    """LUTs of a lane, by the largest spread of its shifts: where y is clamped, and where there is nothing to clamp."""

    clamped: float
    clamped_bit: float
    above: float
    dropped: float
    above_signed: float
    held: float
    held_bit: float
    held_signed: float


def cost(op: Requant, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    lowest, spread = int(op.shift.min()), int(np.ptp(op.shift))
    each = beats(x.channels, folding.pe)
    kept = max(x.bits + 1 - lowest, y.bits + 2)  # bits that go through the variable shift
    ff = 2 * y.bits + y.bits + 1  # of a lane: clamp, rounding and output register
    shift_bits = spread.bit_length()
    if spread:
        ff += x.bits + shift_bits
    if spread > 3:
        ff += kept + shift_bits - 1
    rom = 0
    if spread:
        rom = table_luts(in_lanes(op.shift - lowest, folding.pe)[None], shift_bits)
    counter = (each - 1).bit_length() if spread else 0
    latency = 2 if spread == 0 else 3 if spread <= 3 else 4
    return BlockCost(
        x.pixels * each,
        latency,
        round(folding.pe * _lane_luts(spread, max(0, lowest - 1), x.bits - lowest - y.bits - 1, y))
        + rom
        + counter
        + round(coefficients("requant", Luts).control),
        folding.pe * ff + counter + latency + 1,
        0,
        0,
    )


def _lane_luts(spread: int, dropped: int, above: int, y: TensorType) -> float:
    """Look-up tables of a lane: a variable shift by up to `spread`, clamp, rounding, register.

    dropped: bits below those that the shift starts from. above: bits before the shift beyond those of y, its sign and
    the fraction's first. Where x is so narrow that y holds it anyway, there is nothing to clamp above, and the bits of
    y that are copies of the sign are none; below zero that is a flip-flop's reset.
    """
    kind = next((str(largest) for largest in (0, 1, 3) if spread <= largest), "any")
    luts = coefficients(f"requant.spread_{kind}", LaneLuts)
    if above < (0 if y.signed else 1):
        return luts.held + luts.held_bit * min(y.bits, y.bits + above + y.signed) + y.signed * luts.held_signed
    each_above = luts.above + y.signed * luts.above_signed
    return luts.clamped + luts.clamped_bit * y.bits + each_above * above + luts.dropped * dropped
