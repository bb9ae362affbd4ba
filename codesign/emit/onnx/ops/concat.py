"""Concat along the channels."""

from __future__ import annotations

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Concat."""
    builder.add("Concat", builder.sources(node), node.name, axis=1)
