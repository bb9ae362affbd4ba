"""The instance of `split.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.split import Split
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding


def block(name: str, op: Split, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Block:
    (x,), lanes = inputs, folding.pe
    parameters = {"LANES": lanes, "CHANNELS0": op.sizes[0], "CHANNELS1": op.sizes[1], "BITS": x.bits}
    port = Port.of(x, lanes)
    return Block("split", parameters, (port,), (port, port))
