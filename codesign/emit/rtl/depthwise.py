"""Depthwise convolution as an instance of `depthwise`."""

from __future__ import annotations

from codesign.cost import depthwise as model
from codesign.cost.base import Folding
from codesign.emit.rtl import _vvu, _window
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.types import TensorType


def block(
    name: str, op: Depthwise, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    unit = model.unit(op, inputs, outputs, folding)
    return Block(
        "depthwise",
        {**_window.sliding(op, unit.window, y), **_vvu.parameters(name, unit)},
        (Port.of(x.plain, lanes),),
        (Port.of(y, lanes),),
        _vvu.memories(name, unit),
    )
