"""MaxPool."""

from __future__ import annotations

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One MaxPool; ONNX pads it with the lowest value too."""
    op = node.op
    builder.add("MaxPool", builder.sources(node), node.name, kernel_shape=op.kernel, strides=op.stride, pads=op.pads)
