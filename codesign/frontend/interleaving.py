"""A concatenation of two equal halves that only a shuffle in two groups reads becomes one block."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph import Graph, Node
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.shuffle import Shuffle


def interleaved(graph: Graph) -> Graph:
    """`graph` with `Interleave` in place of such pairs, under the shuffles' names; it computes the same."""
    joins = {node.name: graph.producers[node.inputs[0]] for node in graph.nodes if _shuffles_halves(graph, node)}
    gone = {join.name for join in joins.values()}
    nodes = tuple(
        Node(node.name, Interleave(), joins[node.name].inputs) if node.name in joins else node
        for node in graph.nodes
        if node.name not in gone
    )
    return replace(graph, nodes=nodes, origins={t: origin for t, origin in graph.origins.items() if t not in gone})


def _shuffles_halves(graph: Graph, node: Node) -> bool:
    """Whether `node` is the only reader of a concatenation of two equal halves, and shuffles it in two groups."""
    (tensor, *_) = node.inputs
    join = graph.producers.get(tensor)
    if not isinstance(node.op, Shuffle) or node.op.groups != 2 or join is None or not isinstance(join.op, Concat):
        return False
    halves = [kind.channels for kind in graph.input_types(join)]
    return halves[1:] == halves[:1] and len(graph.consumers[tensor]) == 1 and tensor not in graph.outputs
