"""Gemm over the flattened input."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.linear import Linear


def emit(builder: OnnxBuilder, node: Node) -> None:
    """Flatten, Gemm, and a Reshape to (N, K, 1, 1)."""
    op, name = cast(Linear, node.op), node.name
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    flat = builder.add("Flatten", builder.sources(node), f"{name}/flat", axis=1)
    inputs = [flat, builder.weight(name, op.weight, builder.weight_scale(x, y), x), builder.bias(name, op.bias, y)]
    vector = builder.add("Gemm", inputs, f"{name}/vector", transB=1)
    shape = builder.constant(f"{name}/shape", np.array([-1, *y.shape], np.int64))
    builder.add("Reshape", [vector, shape], name)
