"""Interleaved channels as Concat, Reshape, Transpose, Reshape."""

from __future__ import annotations

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """(2, C) transposed."""
    name = node.name
    (y,) = builder.graph.output_types(node)
    halves = builder.constant(f"{name}/halves", np.array([-1, 2, y.channels // 2, y.height, y.width], np.int64))
    joined = builder.add("Concat", builder.sources(node), f"{name}/joined", axis=1)
    grouped = builder.add("Reshape", [joined, halves], f"{name}/grouped")
    swapped = builder.add("Transpose", [grouped], f"{name}/swapped", perm=[0, 2, 1, 3, 4])
    builder.add("Reshape", [swapped, builder.constant(f"{name}/shape", np.array([-1, *y.shape], np.int64))], name)
