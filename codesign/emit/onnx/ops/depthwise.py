"""Conv with one group per channel."""

from __future__ import annotations

from codesign.emit.onnx.base import OnnxBuilder
from codesign.emit.onnx.ops import conv
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Conv with as many groups as channels."""
    conv.emit(builder, node, group=node.op.weight.shape[0])
