"""Group convolution as an instance of `conv`."""

from __future__ import annotations

from codesign.emit.rtl import mvu
from codesign.emit.rtl.base import Block
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, beats
from codesign.hardware.ops import group_conv as built


def block(
    name: str, op: GroupConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    unit, window = built.unit(op, inputs, outputs, folding), built.window(op, inputs, folding)
    lie = built.arrangement(op, folding)
    parts = {
        "BEATS": beats(inputs[0].channels, folding.simd),
        "TOGETHER": lie.together,
        "PASSES": lie.passes,
        "UNITS": lie.units,
    }
    return mvu.convolution(name, op, outputs[0], unit, window, **parts)
