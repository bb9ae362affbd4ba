"""Square deformable depthwise convolution as an instance of `deform`."""

from __future__ import annotations

from codesign.cost import deform as model
from codesign.cost.base import Folding
from codesign.emit.rtl import _vvu, _window
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.deform import Deform
from codesign.graph.types import TensorType


def block(
    name: str, op: Deform, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x, s), (y,), lanes = inputs, outputs, folding.pe
    unit = model.unit(op, inputs, outputs, folding)
    geometry: dict[str, int | str] = {
        "IN_Y": x.height,
        "IN_X": x.width,
        "BOUND": max(1, s.magnitude),
        "S_BITS": s.bits,
        "S_SIGNED": int(s.signed),
    }
    return Block(
        "deform",
        geometry | {**_window.ring(unit.window), **_vvu.parameters(name, unit)},
        (Port(lanes, x.bits, x.signed), Port(1, s.bits, s.signed)),
        (Port(lanes, y.bits, y.signed),),
        _vvu.memories(name, unit),
    )
