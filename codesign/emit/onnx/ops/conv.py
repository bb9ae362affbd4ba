"""Conv, dense; depthwise convolutions share it."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node, TensorType
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.windows import Convolution, reach


def emit(builder: OnnxBuilder, node: Node, group: int = 1) -> None:
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    convolve(builder, cast(Convolution, node.op), builder.sources(node)[0], node.name, x, y, group)


def convolve(
    builder: OnnxBuilder, op: Convolution, source: str, output: str, x: TensorType, y: TensorType, group: int = 1
) -> None:
    """One Conv from x to y with dequantized weights and bias; its output is the accumulators' real values.

    Where sums may be beyond what float32 holds: several, of parts of the weights, added up as integers.
    """
    options = {"kernel_shape": op.kernel, "strides": op.stride, "pads": op.pads, "group": group}
    if reach(op.weight, op.bias, x.magnitude) >= EXACT_FLOAT32:
        parts = []
        for shift, digit in builder.digits(op.weight, x):
            weight = builder.floats(f"{output}/weight_{shift}", digit / np.array(carried(x).scale))
            parts.append((shift, builder.add("Conv", [source, weight], f"{output}/part_{shift}", **options)))
        builder.total(parts, op.bias, output, y)
        return
    weight = builder.weight(output, op.weight, builder.weight_scale(x, y), x)
    inputs = [source, weight, builder.bias(output, op.bias, y)]
    builder.add("Conv", inputs, output, **options)
