"""The instance of `rescale.sv`, or of `threshold.sv`, for a requantization by a multiplier."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Memory, Port
from codesign.emit.rtl.ops import threshold
from codesign.graph.ops.rescale import Rescale
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops.rescale import compared, multiplication


def block(
    name: str, op: Rescale, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    if folding.products == "lut" and (steps := compared(op, inputs[0])):
        return threshold.block(name, steps, inputs, outputs, folding)
    (x,), (y,), lanes, unit = inputs, outputs, folding.pe, multiplication(op, inputs, folding)
    lowest = -(1 << (y.bits - 1)) if y.signed else 0
    multipliers, offsets = f"{name}.multiplier.mem", f"{name}.offset.mem"
    parameters: dict[str, int | str] = {
        "LANES": lanes,
        "BEATS": unit.beats,
        "IN_BITS": x.bits,
        "IN_SIGNED": int(x.signed),
        "M_BITS": unit.multiplier_bits,
        "B_BITS": unit.offset_bits,
        "SUM_BITS": unit.sum_bits,
        "SHIFT": unit.shift,
        "OUT_BITS": y.bits,
        "OUT_SIGNED": int(y.signed),
        # Where the output's type cannot leave the range anyway, its widest bounds make the cheapest comparisons.
        "LO": max(op.lo, lowest),
        "HI": min(op.hi, lowest + (1 << y.bits) - 1),
        "SINGLE": int(op.single),
        "BLOCK": sum(block << place for place, block in enumerate(unit.in_block)),
        "MULTIPLIER_FILE": multipliers,
        "OFFSET_FILE": offsets,
    }
    memories = (
        Memory(multipliers, unit.multipliers, unit.multiplier_bits),
        Memory(offsets, unit.offsets, unit.offset_bits),
    )
    return Block("rescale", parameters, (Port.of(x, lanes),), (Port.of(y, lanes),), memories)
