"""DeformConv with offsets computed from the dilation."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.deform import Deform

ANCHOR = [[[[float(step)]] for ky in (-1, 0, 1) for kx in (-1, 0, 1) for step in (ky, kx)]]
"""(1, 18, 1, 1): (h, w) of each tap of a 3x3 grid from its centre."""


def emit(builder: OnnxBuilder, node: Node) -> None:
    """offsets = anchor * (s - 1): integers, so that bilinear interpolation reads single pixels."""
    op, name = cast(Deform, node.op), node.name
    (x, _), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    source, dilation = builder.sources(node)
    steps = builder.add("Sub", [dilation, builder.floats(f"{name}/one", 1.0)], f"{name}/steps")
    offsets = builder.add("Mul", [steps, builder.floats(f"{name}/anchor", ANCHOR)], f"{name}/offsets")
    weight = builder.weight(name, op.weight, builder.weight_scale(x, y), x)
    inputs = [source, weight, offsets, builder.bias(name, op.bias, y)]
    builder.add("DeformConv", inputs, name, kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=x.channels)
