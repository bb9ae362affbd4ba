"""MaxPool."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.maxpool import MaxPool


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One MaxPool; ONNX pads it with the lowest value too."""
    op = cast(MaxPool, node.op)
    windows = {"kernel_shape": op.kernel, "strides": op.stride, "pads": op.pads, "dilations": op.dilation}
    builder.add("MaxPool", builder.sources(node), node.name, **windows)
