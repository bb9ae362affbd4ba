"""Conv, dense; depthwise convolutions share it."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node, TensorType
from codesign.graph.windows import Convolution


def emit(builder: OnnxBuilder, node: Node, group: int = 1) -> None:
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    convolve(builder, cast(Convolution, node.op), builder.sources(node)[0], node.name, x, y, group)


def convolve(
    builder: OnnxBuilder, op: Convolution, source: str, output: str, x: TensorType, y: TensorType, group: int = 1
) -> None:
    """One Conv from x to y with dequantized weights and bias; its output is the accumulators' real values."""
    weight = builder.weight(output, op.weight, builder.weight_scale(x, y), x)
    inputs = [source, weight, builder.bias(output, op.bias, y)]
    builder.add("Conv", inputs, output, kernel_shape=op.kernel, strides=op.stride, pads=op.pads, group=group)
