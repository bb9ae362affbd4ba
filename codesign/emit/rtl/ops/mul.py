"""The instance of `mul.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.mul import Mul
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops.mul import products


def block(name: str, op: Mul, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Block:
    (y,), unit = outputs, products(inputs, folding)
    parameters = {
        "LANES": folding.pe,
        "BEATS": unit.beats,
        "PIXELS": unit.pixels,
        "SPREAD": int(unit.spread),
        "IN0_BITS": unit.a.bits,
        "IN0_SIGNED": int(unit.a.signed),
        "IN1_BITS": unit.b.bits,
        "IN1_SIGNED": int(unit.b.signed),
        "OUT_BITS": y.bits,
    }
    ports = Port.of(unit.a, folding.pe), Port.of(unit.b, unit.lanes)
    return Block("mul", parameters, ports, (Port.of(y, folding.pe),))
