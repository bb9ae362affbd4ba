"""Global average pooling as ReduceSum and Mul, which are exact; GlobalAveragePool may divide before it adds."""

from __future__ import annotations

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried, wide
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """Sum over the map, times what lies between the scales of both."""
    name = node.name
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    factor = np.array(carried(y).scale) / np.array(carried(x).scale)
    if wide(y):
        axes = builder.constant(f"{name}/axes", np.array([2, 3], np.int64))
        whole = builder.as_integers(builder.sources(node)[0], x, f"{name}/input")
        builder.add("ReduceSum", [whole, axes], name, keepdims=1)
        return
    axes = builder.constant(f"{name}/axes", np.array([2, 3], np.int64))
    total = builder.add("ReduceSum", [*builder.sources(node), axes], f"{name}/sum", keepdims=1)
    builder.add("Mul", [total, builder.floats(f"{name}/factor", factor[:, None, None])], name)
