"""Square deformable convolution: whatever the dilation, the furthest pixel that its bound allows is waited for."""

from __future__ import annotations

from codesign.graph import TensorType
from codesign.graph.ops.deform import Deform
from codesign.schedule.reach.base import Reach, window


def reach(op: Deform, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    bound = inputs[1].magnitude
    return window(inputs[0], outputs[0], (2 * bound + 1, 2 * bound + 1), (1, 1), (bound, bound), whole=True)
