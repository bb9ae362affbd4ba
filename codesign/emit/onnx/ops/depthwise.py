"""Conv with one group per channel."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.emit.onnx.ops import conv
from codesign.graph import Node
from codesign.graph.ops.depthwise import Depthwise


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Conv with as many groups as channels."""
    conv.emit(builder, node, group=cast(Depthwise, node.op).weight.shape[0])
