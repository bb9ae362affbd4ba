"""The instance of `upsample.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.upsample import Upsample
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, beats
from codesign.hardware.ops.upsample import in_block, ring_depth


def block(
    name: str, op: Upsample, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (x,), lanes = inputs, folding.pe
    depth = ring_depth(op, x, folding)
    parameters = {
        "FACTOR": op.factor,
        "PIXELS": x.width,
        "BEATS": beats(x.channels, lanes),
        "WIDTH": lanes * x.bits,
        "DEPTH": depth,
        "BLOCK": int(in_block(op, x, folding)),
    }
    port = Port.of(x, lanes)
    return Block("upsample", parameters, (port,), (port,))
