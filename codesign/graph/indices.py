"""Outputs that are indices of classes, chosen by the hardware, not scores."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.graph.graph import Graph, Node
from codesign.graph.ops.top_k import TopK


@dataclass(frozen=True)
class Chosen:
    """The output of a file from which indices are chosen, and the axis along which its classes lie."""

    output: str
    axis: int


def classes_of(graph: Graph, tensor: str) -> int | None:
    """How many classes the indices `tensor` tell apart; None for other tensors."""
    node = graph.producers.get(tensor)
    return graph.input_types(node)[0].channels if node is not None and isinstance(node.op, TopK) else None


def gives_indices(graph: Graph) -> bool:
    """Whether the graph's one output is indices of classes."""
    return len(graph.outputs) == 1 and classes_of(graph, graph.outputs[0]) is not None


def choosing(graph: Graph) -> tuple[Node, ...]:
    """The last nodes of a graph that gives indices: from a tensor that its file has too to the indices."""
    if not gives_indices(graph):
        return ()
    node = graph.producers[graph.outputs[0]]
    found = [node]
    while node.inputs[0] not in graph.origins and node.inputs[0] in graph.producers and len(node.inputs) == 1:
        node = graph.producers[node.inputs[0]]
        found.append(node)
    return tuple(reversed(found))
