"""Add."""

from __future__ import annotations

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Add."""
    builder.add("Add", builder.sources(node), node.name)
