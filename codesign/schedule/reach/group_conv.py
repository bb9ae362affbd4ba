"""Group convolution: a window of its own for each group; a pointwise one passes group by group."""

from __future__ import annotations

from codesign.graph import TensorType
from codesign.graph.ops.group_conv import GroupConv
from codesign.schedule.reach.base import Reach, element, window


def reach(op: GroupConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    if op.pointwise:
        return element(outputs)
    return window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
