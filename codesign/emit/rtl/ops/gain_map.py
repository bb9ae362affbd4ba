"""The instance of `gain_map.sv`, and its gains."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Memory, Port
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware.folding import Folding
from codesign.hardware.ops.gain_map import products


def block(
    name: str, op: GainMap, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (y,), unit = outputs, products(op, inputs, folding)
    bits = [bits_for_range(0, int(gains.max())) for gains in (op.rows, op.columns)]
    parameters: dict[str, int | str] = {
        "LANES": folding.pe,
        "BEATS": unit.beats,
        "ROWS": op.rows.size,
        "COLUMNS": op.columns.size,
        "IN_BITS": unit.a.bits,
        "IN_SIGNED": int(unit.a.signed),
        "ROW_BITS": bits[0],
        "COLUMN_BITS": bits[1],
        "GAIN_BITS": unit.b.bits,
        "OUT_BITS": y.bits,
        "ROW_FILE": f"{name}.rows.mem",
        "COLUMN_FILE": f"{name}.columns.mem",
    }
    memories = (
        Memory(f"{name}.rows.mem", op.rows[:, None], bits[0]),
        Memory(f"{name}.columns.mem", op.columns[:, None], bits[1]),
    )
    return Block("gain_map", parameters, (Port.of(unit.a, folding.pe),), (Port.of(y, folding.pe),), memories)
