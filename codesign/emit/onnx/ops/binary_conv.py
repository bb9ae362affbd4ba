"""Binary convolution: a Pad with -1, and a Conv without bias."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node
from codesign.graph.ops.binary_conv import OUTSIDE, BinaryConv


def emit(builder: OnnxBuilder, node: Node) -> None:
    """The output are the accumulators' real values."""
    op = cast(BinaryConv, node.op)
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    (source,) = builder.sources(node)
    if any(op.pads):
        pads = builder.constant(f"{node.name}/pads", np.array([0, 0, *op.pads[:2], 0, 0, *op.pads[2:]], np.int64))
        outside = builder.floats(f"{node.name}/outside", OUTSIDE * carried(x).scale[0])
        source = builder.add("Pad", [source, pads, outside], f"{node.name}/padded", mode="constant")
    weight = builder.weight(node.name, op.weight, builder.weight_scale(x, y), x)
    builder.add("Conv", [source, weight], node.name, kernel_shape=op.kernel, strides=op.stride, pads=[0] * 4)
