"""Gemm over the flattened input."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node, TensorType
from codesign.graph.op import EXACT_FLOAT32
from codesign.graph.ops.linear import Linear
from codesign.graph.windows import reach


def emit(builder: OnnxBuilder, node: Node) -> None:
    """Flatten, Gemm, and a Reshape to (N, K, 1, 1)."""
    op, name = cast(Linear, node.op), node.name
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    flat = builder.add("Flatten", builder.sources(node), f"{name}/flat", axis=1)
    if reach(op.weight, op.bias, x.magnitude) >= EXACT_FLOAT32:
        builder.total(_parts(builder, op, flat, name, x, y), op.bias, name, y)
        return
    inputs = [flat, builder.weight(name, op.weight, builder.weight_scale(x, y), x), builder.bias(name, op.bias, y)]
    vector = builder.add("Gemm", inputs, f"{name}/vector", transB=1)
    shape = builder.constant(f"{name}/shape", np.array([-1, *y.shape], np.int64))
    builder.add("Reshape", [vector, shape], name)


def _parts(
    builder: OnnxBuilder, op: Linear, flat: str, name: str, x: TensorType, y: TensorType
) -> list[tuple[int, str]]:
    """Products with parts of the weights, each exact in float32, as (N, K, 1, 1)."""
    shape = builder.constant(f"{name}/shape", np.array([-1, *y.shape], np.int64))
    parts = []
    for shift, digit in builder.digits(op.weight, x):
        weight = builder.floats(f"{name}/weight_{shift}", digit.T / np.array(carried(x).scale))
        vector = builder.add("MatMul", [flat, weight], f"{name}/vector_{shift}")
        parts.append((shift, builder.add("Reshape", [vector, shape], f"{name}/part_{shift}")))
    return parts
