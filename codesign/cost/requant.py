"""Cost of `requant.sv`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.cost import _lanes
from codesign.cost._memory import table_luts
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
        shifts = np.zeros(each * folding.pe, dtype=np.int64)
        shifts[: x.channels] = op.shift - lowest
        rom = table_luts(shifts.reshape(1, each, folding.pe), shift_bits)
    counter = (each - 1).bit_length() if spread else 0
    latency = 2 if spread == 0 else 3 if spread <= 3 else 4
    return BlockCost(
        x.pixels * each,
        latency,
        round(folding.pe * _lane_luts(spread, kept, y)) + rom + counter + (12 if spread == 1 else 5),
        folding.pe * ff + counter + latency + 1,
        0,
        0,
    )


def _lane_luts(spread: int, kept: int, y: TensorType) -> float:
    """Of a lane, a fit: a variable shift by up to `spread`, whether `kept` bits fit y, clamp, rounding, register."""
    above = kept - y.bits - 2
    if spread == 0:
        return 3 * y.bits + 2 + 0.25 * kept
    if spread == 1:
        return 2.6 * y.bits + 1.06 * above + 4 * y.signed
    if spread <= 3:
        return 4 * y.bits + 4 + 0.3 * above + 1.7 * y.signed
    return 5 * y.bits - 0.6 + 2.6 * above + 2.4 * y.signed
