"""Conv, and what requantizes its output."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.emit.onnx.ops.conv import convolve
from codesign.emit.onnx.ops.requant import requantize
from codesign.graph import Node
from codesign.graph.ops.conv_tile import ConvTile


def emit(builder: OnnxBuilder, node: Node) -> None:
    """The nodes of the two operators, with the sums between them as a tensor that the graph does not have."""
    graph, op = builder.graph, cast(ConvTile, node.op)
    (x,), (y,), (output,) = graph.input_types(node), graph.output_types(node), graph.output_names(node)
    sums, between = op.sums(x), f"{output}/sums"
    convolve(builder, op.conv, builder.sources(node)[0], between, x, sums)
    requantize(builder, op.requant, between, output, sums, y)
