"""The instance of `add.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.add import Add
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding


def block(name: str, op: Add, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Block:
    (y,), lanes = outputs, folding.pe
    first, second = (x.plain for x in inputs)
    parameters = {
        "LANES": lanes,
        "IN0_BITS": first.bits,
        "IN0_SIGNED": int(first.signed),
        "IN1_BITS": second.bits,
        "IN1_SIGNED": int(second.signed),
        "OUT_BITS": y.bits,
    }
    return Block("add", parameters, (Port.of(first, lanes), Port.of(second, lanes)), (Port.of(y, lanes),))
