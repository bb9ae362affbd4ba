"""Dense convolution as an instance of `conv`."""

from __future__ import annotations

from codesign.cost import conv as model
from codesign.cost.base import Folding
from codesign.emit.rtl import _mvu, _window
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.conv import Conv
from codesign.graph.types import TensorType


def block(
    name: str, op: Conv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,) = inputs, outputs
    unit, window = model.unit(op, inputs, outputs, folding), model.window(op, inputs, folding)
    parameters = {"BEATS": unit.steps, **_mvu.parameters(name, unit)}
    if window is not None:
        parameters |= _window.sliding(op, window, y)
    return Block(
        "conv",
        parameters,
        (Port.of(x.plain, folding.simd),),
        (Port.of(y, unit.out_lanes),),
        _mvu.memories(name, unit),
    )
