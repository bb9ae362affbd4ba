"""Mul."""

from __future__ import annotations

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried, wide
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Mul, and what makes the carried product of that of the carried factors; of integers where float32 is none."""
    inputs, (y,), name = builder.graph.input_types(node), builder.graph.output_types(node), node.name
    sources = builder.sources(node)
    if wide(y):
        whole = [
            builder.as_integers(source, kind, f"{name}/input_{i}")
            for i, (source, kind) in enumerate(zip(sources, inputs, strict=True))
        ]
        builder.add("Mul", whole, name)
        return
    of_factors = np.multiply(*(np.array(carried(kind).scale) for kind in inputs))
    factor = np.array(carried(y).scale) / of_factors
    if np.all(factor == 1):
        builder.add("Mul", sources, name)
        return
    product = builder.add("Mul", sources, f"{name}/product")
    builder.add("Mul", [product, builder.floats(f"{name}/factor", factor[:, None, None])], name)
