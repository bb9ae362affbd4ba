"""Depthwise convolution: a window of its own for each group of channels."""

from __future__ import annotations

from codesign.graph import TensorType
from codesign.graph.ops.depthwise import Depthwise
from codesign.schedule.reach.base import Reach, window


def reach(op: Depthwise, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
