"""Cost of `requant.sv`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.cost import _lanes
from codesign.cost._memory import in_lanes, table_luts
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType


def foldings(op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    return _lanes.foldings(_lanes.lane_counts(inputs[0].channels))


def lanes(op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    return _lanes.uniform(folding)


def cost(op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> BlockCost:
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
        round(folding.pe * _lane_luts(spread, x.bits - lowest - y.bits - 1, y)) + rom + counter + 5,
        folding.pe * ff + counter + latency + 1,
        0,
        0,
    )


def _lane_luts(spread: int, above: int, y: TensorType) -> float:
    """Of a lane, a fit: a variable shift by up to `spread`, clamp, rounding, register.

    above: bits before the shift beyond those of y, its sign and the fraction's first. Where x is so narrow that y holds
    it anyway, there is nothing to clamp above; below zero that is a flip-flop's reset.
    """
    fits = above < (0 if y.signed else 1)
    bits, beyond = y.bits, max(above, 0)
    if spread == 0:
        return bits + 3 if fits else 2 * bits + 4 + (0.6 + 0.65 * beyond if y.signed else 0.42 * beyond)
    if spread == 1:
        unused = -1 - above if y.signed and above < -1 else 0  # bits of y that are copies of the sign
        return 3.7 * bits - 2 + 0.45 * beyond + 4 * y.signed - 6 * fits - 7 * unused
    if spread <= 3:
        many = 2 * max(0, beyond - 6) if y.signed else 0
        return 4 * bits + 4 + 0.3 * beyond + 1.7 * y.signed + many - fits * (bits + 6)
    return 5 * bits - 0.6 + 2.6 * beyond + 2.4 * y.signed - fits * (bits + 6)
