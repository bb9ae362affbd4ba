"""The instance of `lookup.sv`, and its tables."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Memory, Port
from codesign.graph.ops.lookup import Lookup
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops.lookup import tables


def block(
    name: str, op: Lookup, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (x,), (y,), lanes, unit = inputs, outputs, folding.pe, tables(op, inputs, folding)
    parameters: dict[str, int | str] = {
        "LANES": lanes,
        "BEATS": unit.beats,
        "IN_BITS": x.bits,
        "OUT_BITS": y.bits,
        "BLOCK": int(unit.in_block),
        "TABLE_FILE": f"{name}.table",
    }
    memories = tuple(
        Memory(f"{name}.table.{lane:02}.mem", words[:, None], y.bits) for lane, words in enumerate(unit.words)
    )
    return Block("lookup", parameters, (Port.of(x, lanes),), (Port.of(y, lanes),), memories)
