"""Square deformable depthwise convolution as an instance of `deform`."""

from __future__ import annotations

from codesign.emit.rtl import vvu, windows
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.deform import Deform
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import deform as built


def block(
    name: str, op: Deform, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x, s), (y,), lanes = inputs, outputs, folding.pe
    unit = built.unit(op, inputs, outputs, folding)
    geometry: dict[str, int | str] = {
        "IN_Y": x.height,
        "IN_X": x.width,
        "BOUND": max(1, s.magnitude),
        "S_BITS": s.plain.bits,
        "S_SIGNED": int(s.plain.signed),
    }
    return Block(
        "deform",
        geometry | {**windows.ring(unit.window), **vvu.parameters(name, unit)},
        (Port.of(x.plain, lanes), Port.of(s.plain, 1)),
        (Port.of(y, lanes),),
        vvu.memories(name, unit),
    )
