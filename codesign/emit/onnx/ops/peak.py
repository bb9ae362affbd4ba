"""The heat-map peak test in standard operators."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node
from codesign.graph.ops.peak import Peak


def emit(builder: OnnxBuilder, node: Node) -> None:
    """where(x == maxpool3x3(x) and x >= threshold, x, floor)."""
    op, name = cast(Peak, node.op), node.name
    (x,) = builder.sources(node)
    (kind,) = builder.graph.input_types(node)
    scale = np.array(carried(kind).scale).reshape(1, -1, 1, 1)
    highest = builder.add("MaxPool", [x], f"{name}/highest", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    maximum = builder.add("Equal", [x, highest], f"{name}/maximum")
    threshold = builder.floats(f"{name}/threshold", op.threshold * scale)
    above = builder.add("GreaterOrEqual", [x, threshold], f"{name}/above")
    peak = builder.add("And", [maximum, above], f"{name}/peak")
    builder.add("Where", [peak, x, builder.floats(f"{name}/floor", op.floor * scale)], name)
