"""What some nodes of a graph make of tensors that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codesign.graph import Graph, IntArray, Node


def computed(graph: Graph, nodes: Iterable[Node], known: Mapping[str, IntArray]) -> dict[str, IntArray]:
    """`known`, (N, C, H, W) by tensor, and the outputs of `nodes`, which come in their order."""
    values = dict(known)
    for node in nodes:
        results = node.op.execute(*(values[name] for name in node.inputs))
        values.update(zip(graph.output_names(node), results, strict=True))
    return values
