"""The connections of a graph: one edge for every reader of every tensor."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.graph import Graph


@dataclass(frozen=True, order=True)
class Edge:
    """Tensor `tensor` into input `port` of node `reader`; an empty `reader` is the graph's output number `port`."""

    tensor: str
    reader: str
    port: int

    def __str__(self) -> str:
        return f"{self.tensor} -> {self.reader or 'output'}.{self.port}"


def edges(graph: Graph) -> tuple[Edge, ...]:
    """All edges, grouped by tensor in the graph's order."""
    found = []
    for tensor, readers in graph.consumers.items():
        found += [Edge(tensor, node.name, port) for node, port in readers]
        found += [Edge(tensor, "", port) for port, name in enumerate(graph.outputs) if name == tensor]
    return tuple(found)
