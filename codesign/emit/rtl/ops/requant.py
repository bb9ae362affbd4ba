"""The instance of `requant.sv` for a requantization."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.emit.rtl.base import Block, Memory, Port
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, beats
from codesign.hardware.memory import in_lanes


def block(
    name: str, op: Requant, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    rows = beats(x.channels, lanes)
    lowest, spread = int(op.shift.min()), int(np.ptp(op.shift))
    lowest_value = -(1 << (y.bits - 1)) if y.signed else 0
    parameters: dict[str, int | str] = {
        "LANES": lanes,
        "BEATS": rows,
        "IN_BITS": x.bits,
        "IN_SIGNED": int(x.signed),
        "OUT_BITS": y.bits,
        "OUT_SIGNED": int(y.signed),
        # Where the output's type cannot leave the range anyway, its widest bounds make the cheapest comparisons.
        "LO": max(op.lo, lowest_value),
        "HI": min(op.hi, lowest_value + (1 << y.bits) - 1),
        "MIN_SHIFT": lowest,
    }
    memories: tuple[Memory, ...] = ()
    if spread:
        file = f"{name}.shift.mem"
        memories = (Memory(file, in_lanes(op.shift - lowest, lanes), spread.bit_length()),)
        parameters |= {"SPREAD": spread, "SHIFT_FILE": file}
    return Block("requant", parameters, (Port.of(x, lanes),), (Port.of(y, lanes),), memories)
