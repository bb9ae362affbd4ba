"""Binary convolution: windows that come whole reach past the right edge into the next row."""

from __future__ import annotations

import numpy as np

from codesign.graph import TensorType
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.schedule.reach.base import Reach


def reach(op: BinaryConv, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    x, y = inputs[0], outputs[0]
    rows = np.arange(y.height) * op.stride[0] - op.pads[0] + op.kernel[0] - 1
    columns = np.arange(y.width) * op.stride[1] - op.pads[1] + op.kernel[1] - 1
    last = np.minimum(rows[:, None] * x.width + columns[None, :], x.pixels - 1).reshape(-1)
    return Reach(last.astype(np.int64), whole=True, ahead=op.kernel != (1, 1))
