"""A block that only moves values changes places with what reads it, and the graph computes the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from codesign.graph import Graph, Node


def moved_behind(graph: Graph, mover: Node, last: Node, blocks: Mapping[str, tuple[Node, ...]]) -> Graph:
    """`graph` with the output of `mover` in place of that of `last`, under the name it has in the file.

    blocks: what stands in the place of each node that changes, by its name; its tensor is no longer one of the file.
    """
    nodes: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(mover.name if name == last.name else name for name in node.inputs)
        nodes += blocks.get(node.name, (replace(node, inputs=inputs),))
    origins = {tensor: origin for tensor, origin in graph.origins.items() if tensor not in blocks}
    if last.name in graph.origins:
        origins[mover.name] = graph.origins[last.name]
    return replace(graph, nodes=tuple(nodes), origins=origins)


def only_reader(graph: Graph, node: Node) -> Node | None:
    """The node that alone reads the output of `node`; None if there are others, or the network gives it out."""
    readers = graph.consumers[node.name]
    return readers[0][0] if len(readers) == 1 and node.name not in graph.outputs else None
