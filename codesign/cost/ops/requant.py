"""Price of `requant.sv`."""

from __future__ import annotations

import math

import numpy as np

from codesign.cost.block import BlockCost
from codesign.cost.memory import table_luts
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, Types, beats
from codesign.hardware.memory import in_lanes

LANE_LUTS = {
    0: ((1.2, 2.25, 0.4, 0.28, 0.18), (3.0, 1.3, -1.3)),
    1: ((0.4, 3.2, 0.45, 0.36, 0.32), (2.8, 2.5, -2.5)),
    3: ((5.7, 3.55, 0.43, 0.24, 0.83), (1.7, 3.2, -2.7)),
    math.inf: ((0.0, 5.1, 2.25, 0.31, 0.38), (6.8, 3.7, -3.5)),
}
"""LUTs of a lane by the largest spread of its shifts.

Of any, each bit of y, each bit above, each bit dropped, each bit above if y has a sign; and where there is nothing to
clamp, of any, each bit of y, if it has a sign.
"""

CONTROL_LUTS = 5
"""LUTs of any block, besides what grows with its counters; a fit."""


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
        + CONTROL_LUTS,
        folding.pe * ff + counter + latency + 1,
        0,
        0,
    )


def _lane_luts(spread: int, dropped: int, above: int, y: TensorType) -> float:
    """Look-up tables of a lane, a fit: a variable shift by up to `spread`, clamp, rounding, register.

    dropped: bits below those that the shift starts from. above: bits before the shift beyond those of y, its sign and
    the fraction's first. Where x is so narrow that y holds it anyway, there is nothing to clamp above, and the bits of
    y that are copies of the sign are none; below zero that is a flip-flop's reset.
    """
    kind = next(largest for largest in LANE_LUTS if spread <= largest)
    clamped, held = LANE_LUTS[kind]
    if above < (0 if y.signed else 1):
        fixed, each_bit, if_signed = held
        return fixed + each_bit * min(y.bits, y.bits + above + y.signed) + y.signed * if_signed
    fixed, each_bit, each_above, each_dropped, above_if_signed = clamped
    return fixed + each_bit * y.bits + (each_above + y.signed * above_if_signed) * above + each_dropped * dropped
