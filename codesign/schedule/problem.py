"""The choice of foldings as an integer program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from codesign.cost import _stream
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.graph import Graph, Node, TensorType
from codesign.graph.plugins import load
from codesign.schedule.edges import edges
from codesign.schedule.record import Resources

Vector = tuple[int, int, int, int]
"""LUT, FF, halves of a BRAM36, DSP."""


@dataclass(frozen=True)
class Candidate:
    """One folding of one block."""

    folding: Folding
    lanes: Lanes
    cost: BlockCost

    @property
    def area(self) -> Vector:
        return vector(self.cost)


@dataclass(frozen=True)
class Link:
    """A stream between two ports, with an adapter where their lanes differ. `producer` may be an input of the graph."""

    tensor: TensorType
    producer: str
    output: int
    reader: str
    port: int


@dataclass(frozen=True, eq=False)
class Problem:
    """All foldings of all blocks of `graph`, and the links that make neighbours depend on each other.

    An input of the graph takes part as a block without cost whose lanes are free.
    """

    graph: Graph

    @cached_property
    def candidates(self) -> Mapping[str, tuple[Candidate, ...]]:
        """By node or input name, shortest interval first."""
        found = {node.name: _candidates(self.graph, node) for node in self.graph.nodes}
        for name, kind in self.graph.inputs.items():
            lanes = {c.lanes.inputs[port] for node, port in self.graph.consumers[name] for c in found[node.name]}
            found[name] = tuple(_free(kind, count) for count in sorted(lanes, reverse=True))
        return found

    @cached_property
    def links(self) -> tuple[Link, ...]:
        sources = {name: (name, 0) for name in self.graph.inputs}
        for node in self.graph.nodes:
            sources |= {name: (node.name, i) for i, name in enumerate(self.graph.output_names(node))}
        return tuple(
            Link(self.graph.types[e.tensor], *sources[e.tensor], e.reader, e.port)
            for e in edges(self.graph)
            if e.reader
        )

    @cached_property
    def forks(self) -> Resources:
        """What the forks take, whatever the foldings."""
        readers: dict[str, int] = {}
        for edge in edges(self.graph):
            readers[edge.tensor] = readers.get(edge.tensor, 0) + 1
        return Resources.total(_stream.fork(count) for count in readers.values())

    @cached_property
    def intervals(self) -> tuple[int, ...]:
        """All intervals that the slowest block or adapter could have, ascending."""
        found = {c.cost.interval_cycles for options in self.candidates.values() for c in options}
        for link in self.links:
            for lanes_in, lanes_out in self.lane_pairs(link):
                found.add(_stream.width(link.tensor, lanes_in, lanes_out).interval_cycles)
        shortest = max(options[0].cost.interval_cycles for options in self.candidates.values())
        return tuple(sorted(value for value in found if value >= shortest))

    def lane_pairs(self, link: Link) -> set[tuple[int, int]]:
        """All lanes that the two ends of `link` can have."""
        writers = {c.lanes.outputs[link.output] for c in self.candidates[link.producer]}
        readers = {c.lanes.inputs[link.port] for c in self.candidates[link.reader]}
        return {(a, b) for a in writers for b in readers}

    def adapters(self, choice: Mapping[str, Candidate]) -> list[BlockCost]:
        """Costs of the adapters on all links, under a choice."""
        return [
            _stream.width(
                link.tensor,
                choice[link.producer].lanes.outputs[link.output],
                choice[link.reader].lanes.inputs[link.port],
            )
            for link in self.links
        ]

    def interval(self, choice: Mapping[str, Candidate]) -> int:
        """Cycles between frames, under a choice."""
        parts = [c.cost for c in choice.values()] + self.adapters(choice)
        return max(part.interval_cycles for part in parts)

    def area(self, choice: Mapping[str, Candidate]) -> Resources:
        """Resources of blocks, adapters and forks, under a choice."""
        return Resources.total((*(c.cost for c in choice.values()), *self.adapters(choice), self.forks))


def vector(cost: BlockCost | Resources) -> Vector:
    return (cost.lut, cost.ff, round(2 * cost.bram36), cost.dsp)


def _candidates(graph: Graph, node: Node) -> tuple[Candidate, ...]:
    model = load("codesign.cost", node.op.kind)
    inputs, outputs = graph.input_types(node), graph.output_types(node)
    found = [
        Candidate(f, model.lanes(node.op, inputs, outputs, f), model.cost(node.op, inputs, outputs, f))
        for f in model.foldings(node.op, inputs, outputs)
    ]
    return tuple(sorted(found, key=lambda c: (c.cost.interval_cycles, c.area, c.folding)))


def _free(kind: TensorType, lanes: int) -> Candidate:
    cost = BlockCost(kind.pixels * beats(kind.channels, lanes), 0, 0, 0, 0, 0)
    return Candidate(Folding(lanes, lanes), Lanes((), (lanes,)), cost)
