"""Channel shuffle as Reshape, Transpose, Reshape."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.shuffle import Shuffle


def emit(builder: OnnxBuilder, node: Node) -> None:
    """(C) seen as (groups, C / groups), transposed."""
    name, groups = node.name, cast(Shuffle, node.op).groups
    (x,) = builder.graph.output_types(node)
    split = np.array([-1, groups, x.channels // groups, x.height, x.width], np.int64)
    grouped = builder.add(
        "Reshape", [*builder.sources(node), builder.constant(f"{name}/split", split)], f"{name}/grouped"
    )
    swapped = builder.add("Transpose", [grouped], f"{name}/swapped", perm=[0, 2, 1, 3, 4])
    builder.add("Reshape", [swapped, builder.constant(f"{name}/shape", np.array([-1, *x.shape], np.int64))], name)
