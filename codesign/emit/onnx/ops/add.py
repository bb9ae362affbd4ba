"""Add."""

from __future__ import annotations

from codesign.emit.onnx.base import OnnxBuilder, wide
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Add; of integers where float32 does not hold the sum."""
    inputs, (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    sources = builder.sources(node)
    if not wide(y):
        builder.add("Add", sources, node.name)
        return
    whole = [
        builder.as_integers(source, kind, f"{node.name}/input_{i}")
        for i, (source, kind) in enumerate(zip(sources, inputs, strict=True))
    ]
    builder.add("Add", whole, node.name)
