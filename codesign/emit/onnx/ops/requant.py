"""QuantizeLinear, Clip, DequantizeLinear."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried, wide
from codesign.graph import Node, TensorType
from codesign.graph.ops.requant import Requant


def emit(builder: OnnxBuilder, node: Node) -> None:
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    requantize(builder, cast(Requant, node.op), builder.sources(node)[0], node.name, x, y)


def requantize(builder: OnnxBuilder, op: Requant, source: str, output: str, x: TensorType, y: TensorType) -> None:
    """From x to y. Where the accumulators are at their real value, one scale serves whatever the channels' shifts."""
    (result,) = carried(y).scale
    if wide(x):
        builder.quantize_wide(source, output, op.shift, op.lo, op.hi, result)
        return
    steps = np.unique(np.array(carried(x).scale) * np.exp2(op.shift))
    if len(steps) > 1:
        factors = builder.floats(f"{output}/factors", np.exp2(-op.shift.astype(float))[:, None, None])
        source, steps = builder.add("Mul", [source, factors], f"{output}/shifted"), np.ones(1)
    builder.quantize(source, output, float(steps[0]), op.lo, op.hi, result)
