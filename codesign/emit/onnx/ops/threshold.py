"""A search among the thresholds, in comparisons and table look-ups."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried, wide
from codesign.graph import Node
from codesign.graph.ops.threshold import Threshold


def emit(builder: OnnxBuilder, node: Node) -> None:
    """Thresholds at the scale that the accumulators carry; falling channels are negated before."""
    op = cast(Threshold, node.op)
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    (source,), (result,) = builder.sources(node), carried(y).scale
    if (op.sign < 0).any():
        signs = op.sign[:, None, None].astype(np.int32 if wide(x) else np.float32)
        sign = builder.constant(f"{node.name}/sign", signs)
        source = builder.add("Mul", [source, sign], f"{node.name}/rising")
    thresholds = op.thresholds * np.array(carried(x).scale)[:, None]
    builder.staircase(source, node.name, thresholds, op.lo * result, op.step * result, integers=wide(x))
