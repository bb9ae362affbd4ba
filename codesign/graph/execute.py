"""The integer graph's own executor: vectorised NumPy, exact, the reference for every back end."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from codesign.errors import GraphError
from codesign.graph.graph import Graph
from codesign.graph.op import IntArray
from codesign.graph.types import TensorType


def execute(graph: Graph, inputs: Mapping[str, IntArray], keep: Collection[str] | None = None) -> dict[str, IntArray]:
    """Runs `graph` on a batch: (N, C, H, W) integers by input name.

    Returns the tensors named in `keep` as (N, C, H, W) int32 (default: the graph's outputs). Others are freed as soon
    as their last reader has run. Raises GraphError for inputs of the wrong name, shape or range.
    """
    wanted = set(graph.outputs if keep is None else keep)
    unknown = wanted - set(graph.types)
    if unknown:
        raise GraphError(f"there is no tensor '{min(unknown)}'", where=graph.name)
    values = {name: _checked(name, kind, inputs) for name, kind in graph.inputs.items()}
    readers = {name: len(found) for name, found in graph.consumers.items()}
    for node in graph.nodes:
        results = node.op.execute(*(values[name] for name in node.inputs))
        values.update(zip(graph.output_names(node), results, strict=True))
        for name in node.inputs:
            readers[name] -= 1
            if not readers[name] and name not in wanted:
                values.pop(name, None)
    return {name: values[name] for name in wanted}


def _checked(name: str, kind: TensorType, inputs: Mapping[str, IntArray]) -> IntArray:
    if name not in inputs:
        raise GraphError(f"input '{name}' is missing")
    array = np.asarray(inputs[name])
    if array.ndim != 4 or array.shape[1:] != kind.shape:
        raise GraphError(f"input '{name}' has shape {array.shape}, expected (N, {', '.join(map(str, kind.shape))})")
    if not np.issubdtype(array.dtype, np.integer):
        raise GraphError(f"input '{name}' has type {array.dtype}, expected integers")
    if not kind.holds(array):
        steps = f" in steps of {kind.step}" if kind.step > 1 else ""
        raise GraphError(f"input '{name}' has values outside [{kind.lo}, {kind.hi}]{steps}")
    return array.astype(np.int32)
