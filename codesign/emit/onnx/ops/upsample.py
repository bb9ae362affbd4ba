"""Resize to the nearest neighbour."""

from __future__ import annotations

from typing import cast

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.upsample import Upsample


def emit(builder: OnnxBuilder, node: Node) -> None:
    """y(y, x) = x(floor(y / factor), floor(x / factor))."""
    factor = cast(Upsample, node.op).factor
    scales = builder.floats(f"{node.name}/scales", [1, 1, factor, factor])
    builder.add(
        "Resize",
        [*builder.sources(node), "", scales],
        node.name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
