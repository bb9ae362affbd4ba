"""The instance of `shuffle.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops.shuffle import in_block


def block(
    name: str, op: Shuffle, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (x,), lanes = inputs, folding.pe
    parameters = {
        "LANES": lanes,
        "CHANNELS": x.channels,
        "GROUPS": op.groups,
        "BITS": x.bits,
        "BLOCK": int(in_block(op, x, folding)),
    }
    port = Port.of(x, lanes)
    return Block("shuffle", parameters, (port,), (port,))
