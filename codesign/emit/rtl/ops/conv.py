"""Dense convolution as an instance of `conv`."""

from __future__ import annotations

from codesign.emit.rtl import mvu
from codesign.emit.rtl.base import Block
from codesign.graph.ops.conv import Conv
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import conv as built


def block(
    name: str, op: Conv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    unit, window = built.unit(op, inputs, outputs, folding), built.window(op, inputs, folding)
    return mvu.convolution(name, op, outputs[0], unit, window, BEATS=unit.steps)
