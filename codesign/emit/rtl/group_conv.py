"""Group convolution as an instance of `conv`."""

from __future__ import annotations

from codesign.cost import group_conv as model
from codesign.cost.base import Folding, beats
from codesign.emit.rtl import _mvu, _window
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.types import TensorType


def block(
    name: str, op: GroupConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,) = inputs, outputs
    unit, window = model.unit(op, inputs, outputs, folding), model.window(op, inputs, folding)
    lie = model.arrangement(op, folding)
    parameters = {
        "BEATS": beats(x.channels, folding.simd),
        "TOGETHER": lie.together,
        "PASSES": lie.passes,
        "UNITS": lie.units,
        **_mvu.parameters(name, unit),
    }
    if window is not None:
        parameters |= _window.sliding(op, window, y)
    return Block(
        "conv",
        parameters,
        (Port.of(x.plain, folding.simd),),
        (Port.of(y, unit.out_lanes),),
        _mvu.memories(name, unit),
    )
