"""Conv, dense; depthwise convolutions share it."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.windows import Convolution


def emit(builder: OnnxBuilder, node: Node, group: int = 1) -> None:
    """One Conv with dequantized weights and bias; its output is the accumulators' real values."""
    op = cast(Convolution, node.op)
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    weight = builder.weight(node.name, op.weight, builder.weight_scale(x, y), x)
    inputs = [*builder.sources(node), weight, builder.bias(node.name, op.bias, y)]
    builder.add("Conv", inputs, node.name, kernel_shape=op.kernel, strides=op.stride, pads=op.pads, group=group)
