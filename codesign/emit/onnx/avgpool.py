"""Global average pooling as ReduceSum and Mul, which are exact; GlobalAveragePool may divide before it adds."""

from __future__ import annotations

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """Sum over the map, times a power of two."""
    op, name = node.op, node.name
    axes = builder.constant(f"{name}/axes", np.array([2, 3], np.int64))
    total = builder.add("ReduceSum", [*builder.sources(node), axes], f"{name}/sum", keepdims=1)
    builder.add("Mul", [total, builder.floats(f"{name}/factor", 1 / op.divisor)], name)
