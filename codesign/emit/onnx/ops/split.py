"""Split along the channels."""

from __future__ import annotations

from typing import cast

import numpy as np
from onnx import helper

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node
from codesign.graph.ops.split import Split


def emit(builder: OnnxBuilder, node: Node) -> None:
    """One Split."""
    sizes = builder.constant(f"{node.name}/sizes", np.array(cast(Split, node.op).sizes, np.int64))
    outputs = builder.graph.output_names(node)
    builder.nodes.append(helper.make_node("Split", [*builder.sources(node), sizes], outputs, node.name, axis=1))
