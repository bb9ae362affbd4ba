"""Indices of the largest channels as ArgMax or TopK, which take the lower index first of equal ones."""

from __future__ import annotations

from typing import cast

import numpy as np
import onnx

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.top_k import TopK


def emit(builder: OnnxBuilder, node: Node) -> None:
    """ArgMax, or TopK, of real values or of wide sums in int32: one scale of all channels leaves the order as it is."""
    op, name = cast(TopK, node.op), node.name
    (source,) = builder.sources(node)
    if op.k == 1:
        indices = builder.add("ArgMax", [source], f"{name}/index", axis=1, keepdims=1)
    else:
        count = builder.constant(f"{name}/k", np.array([op.k], np.int64))
        indices = f"{name}/indices"
        builder.nodes.append(
            onnx.helper.make_node("TopK", [source, count], [f"{name}/values", indices], name=indices, axis=1)
        )
    builder.add("Cast", [indices], name, to=onnx.TensorProto.FLOAT)
