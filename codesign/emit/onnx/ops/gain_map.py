"""Gains of places as a constant map that a Mul takes."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried, wide
from codesign.graph import Node
from codesign.graph.ops.gain_map import GainMap


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Mul, of gains times what lies between the scales of both; of integers where float32 does not hold them."""
    op, name = cast(GainMap, node.op), node.name
    (x,), (y,), (source,) = builder.graph.input_types(node), builder.graph.output_types(node), builder.sources(node)
    gains = op.rows[:, None] * op.columns
    if wide(y):
        whole = builder.as_integers(source, x, f"{name}/input")
        builder.add("Mul", [whole, builder.constant(f"{name}/gains", gains.astype(np.int32))], name)
        return
    factor = np.array(carried(y).scale) / np.array(carried(x).scale)
    builder.add("Mul", [source, builder.floats(f"{name}/gains", factor[:, None, None] * gains)], name)
