"""Fuses convolutions and their requantizations into blocks whose weights come from memory: a pass over the graph.

The blocks keep the convolutions' names, and their outputs the names that the requantizations gave them. The sums
between the two are no tensor any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from codesign.errors import GraphError
from codesign.graph import Graph, Node
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.ops.requant import Requant


@dataclass(frozen=True, eq=False)
class Pair:
    """A pointwise convolution, and the requantization that alone reads its sums, whose tensor is `output`."""

    conv: Node
    requant: Node
    output: str

    @cached_property
    def fused(self) -> Node:
        """The block of both."""
        conv, requant = self.conv.op, self.requant.op
        assert isinstance(conv, Conv) and isinstance(requant, Requant)
        return Node(self.conv.name, ConvTile.of(conv, requant), self.conv.inputs, (self.output,))


def pairs(graph: Graph) -> tuple[Pair, ...]:
    """All that can be fused, in the graph's order."""
    found = (_pair(graph, node) for node in graph.nodes)
    return tuple(pair for pair in found if pair)


def fused(graph: Graph, names: Collection[str]) -> Graph:
    """`graph` with the convolutions `names` and their requantizations fused. It computes the same.

    Those that are fused already stay so. Raises GraphError for a name that is not of such a convolution.
    """
    wanted = set(names) - {node.name for node in graph.nodes if isinstance(node.op, ConvTile)}
    if not wanted:
        return graph
    chosen = {pair.conv.name: pair for pair in pairs(graph) if pair.conv.name in wanted}
    if missing := wanted - chosen.keys():
        raise GraphError(
            "it is no pointwise convolution whose sums only a requantization reads", where=f"node {min(missing)}"
        )
    swallowed = {pair.requant.name for pair in chosen.values()}
    nodes = tuple(
        chosen[node.name].fused if node.name in chosen else node for node in graph.nodes if node.name not in swallowed
    )
    origins = {tensor: origin for tensor, origin in graph.origins.items() if tensor not in chosen}
    return replace(graph, nodes=nodes, origins=origins)


def _pair(graph: Graph, conv: Node) -> Pair | None:
    if not isinstance(conv.op, Conv) or not conv.op.pointwise:
        return None
    (sums,) = graph.output_names(conv)
    if sums in graph.outputs or len(graph.consumers[sums]) != 1:
        return None
    ((requant, _),) = graph.consumers[sums]
    if not isinstance(requant.op, Requant):
        return None
    (output,) = graph.output_names(requant)
    return Pair(conv, requant, output)
