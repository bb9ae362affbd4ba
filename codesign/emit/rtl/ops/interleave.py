"""The instance of `interleave.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.interleave import Interleave
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding


def block(
    name: str, op: Interleave, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    first, second = inputs
    (y,) = outputs
    parameters = {
        "LANES": folding.simd,
        "OUT_LANES": folding.pe,
        "IN0_BITS": first.bits,
        "IN0_SIGNED": int(first.signed),
        "IN1_BITS": second.bits,
        "IN1_SIGNED": int(second.signed),
        "OUT_BITS": y.bits,
    }
    return Block(
        "interleave",
        parameters,
        tuple(Port.of(x, folding.simd) for x in inputs),
        (Port.of(y, folding.pe),),
    )
