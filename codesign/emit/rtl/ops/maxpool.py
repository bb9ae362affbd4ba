"""Max-pooling as an instance of `maxpool`."""

from __future__ import annotations

from codesign.emit.rtl import windows
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import maxpool as built


def block(
    name: str, op: MaxPool, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), lanes = inputs, folding.pe
    window = windows.sliding(op, built.window(op, inputs, folding), outputs[0])
    window |= {"DILATION_Y": op.dilation[0], "DILATION_X": op.dilation[1]}
    port = Port.of(x, lanes)
    return Block("maxpool", {**window, "LANES": lanes, "BITS": x.bits, "SIGNED": int(x.signed)}, (port,), (port,))
