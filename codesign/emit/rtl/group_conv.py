"""Group convolution as an instance of `conv`."""

from __future__ import annotations

from codesign.cost import group_conv as model
from codesign.cost.base import Folding, beats
from codesign.emit.rtl import _mvu
from codesign.emit.rtl.base import Block
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.types import TensorType


def block(
    name: str, op: GroupConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    unit, window = model.unit(op, inputs, outputs, folding), model.window(op, inputs, folding)
    lie = model.arrangement(op, folding)
    parts = {
        "BEATS": beats(inputs[0].channels, folding.simd),
        "TOGETHER": lie.together,
        "PASSES": lie.passes,
        "UNITS": lie.units,
    }
    return _mvu.convolution(name, op, outputs[0], unit, window, **parts)
