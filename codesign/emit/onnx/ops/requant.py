"""QuantizeLinear, Clip, DequantizeLinear."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node
from codesign.graph.ops.requant import Requant


def emit(builder: OnnxBuilder, node: Node) -> None:
    """Where the accumulators are at their real value, one scale serves whatever the shifts of the channels are."""
    op = cast(Requant, node.op)
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    (source,), (result,) = builder.sources(node), carried(y).scale
    steps = np.unique(np.array(carried(x).scale) * np.exp2(op.shift))
    if len(steps) > 1:
        factors = builder.floats(f"{node.name}/factors", np.exp2(-op.shift.astype(float))[:, None, None])
        source, steps = builder.add("Mul", [source, factors], f"{node.name}/shifted"), np.ones(1)
    builder.quantize(source, node.name, float(steps[0]), op.lo, op.hi, result)
