"""Conv with groups."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.emit.onnx.ops import conv
from codesign.graph import Node
from codesign.graph.ops.group_conv import GroupConv


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Conv with as many groups as the operator has."""
    conv.emit(builder, node, group=cast(GroupConv, node.op).groups)
