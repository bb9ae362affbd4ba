"""Heat-map peaks as an instance of `peak`."""

from __future__ import annotations

from codesign.emit.rtl import windows
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.peak import Peak
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import peak as built


def block(
    name: str, op: Peak, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    parameters = {
        "IN_Y": x.height,
        "IN_X": x.width,
        **windows.ring(built.window(inputs, folding)),
        "LANES": lanes,
        "BITS": x.bits,
        "SIGNED": int(x.signed),
        "OUT_BITS": y.bits,
        "THRESHOLD": min(max(op.threshold, x.lo), x.hi + 1),
        "FLOOR": op.floor,
    }
    return Block("peak", parameters, (Port.of(x, lanes),), (Port.of(y, lanes),))
