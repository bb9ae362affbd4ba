"""The instance of `top_k.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.top_k import TopK
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding


def block(name: str, op: TopK, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Block:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    parameters = {
        "LANES": lanes,
        "CHANNELS": x.channels,
        "K": op.k,
        "BITS": x.bits,
        "SIGNED": int(x.signed),
        "INDEX_BITS": y.bits,
    }
    return Block("top_k", parameters, (Port.of(x, lanes),), (Port.of(y, op.k),))
