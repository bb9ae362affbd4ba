"""Gather from the results of all channels."""

from __future__ import annotations

from typing import cast

import numpy as np

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node
from codesign.graph.ops.lookup import Lookup


def emit(builder: OnnxBuilder, node: Node) -> None:
    """The integers of x, less the first and past the tables of the channels before, are places in one array."""
    op, name = cast(Lookup, node.op), node.name
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    rows, count = op.results.shape
    starts = (np.arange(rows, dtype=np.int32) * count - op.first).reshape(-1, 1, 1)
    (source,) = builder.sources(node)
    whole = builder.as_integers(source, x, name)
    places = builder.add("Add", [whole, builder.constant(f"{name}/starts", starts.astype(np.int32))], f"{name}/places")
    results = builder.floats(f"{name}/results", op.results.reshape(-1) * carried(y).scale[0])
    builder.add("Gather", [results, places], name)
