"""Dense convolution as an instance of `conv`."""

from __future__ import annotations

from codesign.cost import conv as model
from codesign.cost.base import Folding
from codesign.emit.rtl import _mvu
from codesign.emit.rtl.base import Block
from codesign.graph.ops.conv import Conv
from codesign.graph.types import TensorType


def block(
    name: str, op: Conv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    unit, window = model.unit(op, inputs, outputs, folding), model.window(op, inputs, folding)
    return _mvu.convolution(name, op, outputs[0], unit, window, BEATS=unit.steps)
