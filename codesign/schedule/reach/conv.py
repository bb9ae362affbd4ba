"""Dense convolution: all channels of the last tap must be there; a pointwise one keeps no pixels."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.schedule.reach.base import Reach, window


def reach(op: Conv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    found = window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
    return replace(found, ahead=not op.pointwise)
