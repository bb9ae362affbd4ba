"""A design: a network as it is built on a target. What prints, reports, synthesizes or checks it reads this value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codesign.errors import ScheduleError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.heads import Heads, heads_of
from codesign.graph.names import identifier
from codesign.hardware.folding import Folding
from codesign.schedule.fusion import fused
from codesign.schedule.record import Schedule
from codesign.targets import Target


@dataclass(frozen=True, eq=False)
class BuiltBlock:
    """A block of the hardware: a node of the graph as it is built, and its folding.

    parts: the nodes of the integer graph that it computes, in order: the node itself, or those that are fused in it.
    outputs: the tensors that it makes.
    """

    node: Node
    parts: tuple[Node, ...]
    outputs: tuple[str, ...]
    input_types: tuple[TensorType, ...]
    output_types: tuple[TensorType, ...]
    folding: Folding

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tensors that it reads."""
        return self.node.inputs

    @property
    def instance(self) -> str:
        """Its name in generated sources."""
        return identifier(self.node.name)


@dataclass(frozen=True, eq=False)
class Design:
    """A network as it is built on a target.

    graph: the integer graph: what is computed, and what every back end is compared with. built: the same with some
    pairs of nodes fused, each of which is one block; `blocks` are its nodes, in its order. schedule: lanes, FIFOs and
    predicted figures, by names of `built`. heads: of a detector whose peaks alone leave the hardware; None where the
    outputs leave as they are.
    """

    graph: Graph
    target: Target
    schedule: Schedule
    built: Graph
    blocks: tuple[BuiltBlock, ...]
    heads: Heads | None


def design_of(graph: Graph, target: Target, schedule: Schedule, *, sparse: bool = False) -> Design:
    """The design of `graph` under a schedule for it.

    sparse: a detector's outputs leave as records of peaks, which the schedule must have been made for. Raises
    GraphError if they cannot, ScheduleError if the schedule is not of this graph.
    """
    built = fused(graph, [name for name, folding in schedule.foldings.items() if folding.tile])
    if {node.name for node in built.nodes} != schedule.foldings.keys():
        raise ScheduleError("the schedule is of another network", where=graph.name, remedy="export again")
    blocks = tuple(_block(graph, built, node, schedule.foldings[node.name]) for node in built.nodes)
    return Design(graph, target, schedule, built, blocks, heads_of(graph) if sparse else None)


def _block(graph: Graph, built: Graph, node: Node, folding: Folding) -> BuiltBlock:
    outputs = built.output_names(node)
    parts = tuple(_parts(graph, graph.node(node.name), outputs))
    return BuiltBlock(node, parts, outputs, built.input_types(node), built.output_types(node), folding)


def _parts(graph: Graph, node: Node, outputs: tuple[str, ...]) -> Iterator[Node]:
    """From `node` on to the one that makes `outputs`, each the only reader of the one before."""
    yield node
    if graph.output_names(node) != outputs:
        ((follower, _),) = graph.consumers[graph.output_names(node)[0]]
        yield from _parts(graph, follower, outputs)
