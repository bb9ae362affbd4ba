"""Depthwise convolution as an instance of `depthwise`, or of `conv` where several taps come at once."""

from __future__ import annotations

from codesign.emit.rtl import mvu, vvu, windows
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import depthwise as built


def block(
    name: str, op: Depthwise, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    if folding.taps > 1:
        window, matrix_unit = built.window(op, inputs, folding), built.matrix_unit(op, inputs, outputs, folding)
        return mvu.convolution(name, op, y, matrix_unit, window, TOGETHER=1, PASSES=1, UNITS=lanes)
    unit = built.vector_unit(op, inputs, outputs, folding)
    return Block(
        "depthwise",
        {**windows.sliding(op, unit.window, y), **vvu.parameters(name, unit)},
        (Port.of(x.plain, lanes),),
        (Port.of(y, lanes),),
        vvu.memories(name, unit),
    )
