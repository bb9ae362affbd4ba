"""The instance of `avgpool.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, beats


def block(
    name: str, op: AvgPool, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (x,), (y,), lanes = (inputs[0].plain,), outputs, folding.pe
    parameters = {
        "LANES": lanes,
        "BEATS": beats(x.channels, lanes),
        "PIXELS": x.pixels,
        "IN_BITS": x.bits,
        "IN_SIGNED": int(x.signed),
        "OUT_BITS": y.bits,
    }
    return Block("avgpool", parameters, (Port.of(x, lanes),), (Port.of(y, lanes),))
