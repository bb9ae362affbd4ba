"""Depth to space as Reshape, Transpose, Reshape: ONNX' own takes square blocks, and ONNX Runtime's no integers."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.depth_to_space import DepthToSpace


def emit(builder: OnnxBuilder, node: Node) -> None:
    """(C) seen as (rows, columns, C of a pixel), rows and columns moved behind those of the map; a Slice to crop."""
    name, op = node.name, cast(DepthToSpace, node.op)
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    split = np.array([-1, *op.block, y.channels, x.height, x.width], np.int64)
    whole = np.array([-1, y.channels, x.height * op.block[0], x.width * op.block[1]], np.int64)
    parts = builder.add("Reshape", [*builder.sources(node), builder.constant(f"{name}/split", split)], f"{name}/parts")
    moved = builder.add("Transpose", [parts], f"{name}/moved", perm=[0, 3, 4, 1, 5, 2])
    cropped = any(op.crop)
    blocks = builder.add(
        "Reshape", [moved, builder.constant(f"{name}/shape", whole)], f"{name}/blocks" if cropped else name
    )
    if cropped:
        bounds = {"starts": [0, 0], "ends": [y.height, y.width], "axes": [2, 3]}
        constants = [builder.constant(f"{name}/{key}", np.array(value, np.int64)) for key, value in bounds.items()]
        builder.add("Slice", [blocks, *constants], name)
