"""The instance of `concat.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.concat import Concat
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding


def block(
    name: str, op: Concat, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (y,), lanes = outputs, folding.pe
    first, second = inputs
    parameters = {
        "LANES": lanes,
        "CHANNELS0": first.channels,
        "CHANNELS1": second.channels,
        "IN0_BITS": first.bits,
        "IN0_SIGNED": int(first.signed),
        "IN1_BITS": second.bits,
        "IN1_SIGNED": int(second.signed),
        "OUT_BITS": y.bits,
    }
    return Block("concat", parameters, tuple(Port.of(x, lanes) for x in inputs), (Port.of(y, lanes),))
