"""Binary convolution: as a dense one, folded or wired."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph import TensorType
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.schedule.reach.base import Reach, window


def reach(op: BinaryConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    found = window(inputs[0], outputs[0], op.kernel, op.stride, op.pads[:2], whole=True)
    return replace(found, ahead=not op.pointwise)
