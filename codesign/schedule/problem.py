"""The choice of foldings as an integer program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd

import numpy as np

from codesign.cost import conv_tile as conv_tile_cost
from codesign.cost import stream
from codesign.cost.block import BlockCost, Resources
from codesign.errors import ScheduleError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.heads import heads_of
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.hardware import conv_tile
from codesign.hardware.folding import Folding, Lanes, Memory, beats
from codesign.plugins import load
from codesign.schedule.edges import edges

STREAMED_WEIGHTS = 12_000
"""Smaller matrices, of 1.5 BRAM36 at four bits, are not worth a port of the reader."""

MOST_TILE = 64
"""Pixels in flight in a streamed block, at most."""

BUFFERS: tuple[Memory, ...] = ("", "lut")

AXES = ("lut", "ff", "bram36", "dsp", "memory_bytes")
"""The resources that count, as `Resources` calls them."""

Vector = tuple[int, ...]
"""An amount of each of `AXES`; of BRAM36 in halves."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One folding of one block."""

    folding: Folding
    lanes: Lanes
    cost: BlockCost

    @cached_property
    def area(self) -> Vector:
        return vector(self.cost)

    @cached_property
    def enters(self) -> tuple[int, ...]:
        """Lanes at each input; negative where sums come within a streamed block, so that nothing else can send them."""
        return tuple(-n for n in self.lanes.inputs) if self.streamed_requant else self.lanes.inputs

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Lanes at each output; negative where sums stay within a streamed block."""
        inside = self.folding.streamed and not self.streamed_requant
        return tuple(-n for n in self.lanes.outputs) if inside else self.lanes.outputs

    @property
    def streamed_requant(self) -> bool:
        """Whether this is a requantization within a streamed block."""
        return self.folding.streamed and not self.folding.tile


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

    An input of the graph takes part as a block without cost whose lanes are free. Blocks of more than
    `most_multipliers` are left out, and so are those with more outputs at once than it takes for the interval that so
    many multipliers cannot beat in the whole network. Weights are streamed from DDR only with `streaming`.
    pair: whether two outputs may share a DSP slice. lut_products: whether products may be made of LUTs.
    sparse: the outputs, a detector's, leave as records of peaks.
    """

    graph: Graph
    most_multipliers: int = 1 << 16
    streaming: bool = False
    pair: bool = True
    lut_products: bool = False
    sparse: bool = False

    @cached_property
    def candidates(self) -> Mapping[str, tuple[Candidate, ...]]:
        """By node or input name, shortest interval first."""
        found = {node.name: tuple(_candidates(self, node)) for node in self.graph.nodes}
        for conv, requant in _streamable(self.graph) if self.streaming else ():
            some = tuple(_streamed_candidates(self, conv, requant))
            found[conv.name] += some
            found[requant.name] += tuple(_inside(pe) for pe in sorted({c.folding.pe for c in some}))
        found = {name: _pareto(options) for name, options in found.items()}
        for name, kind in self.graph.inputs.items():
            lanes = {c.lanes.inputs[port] for node, port in self.graph.consumers[name] for c in found[node.name]}
            found[name] = tuple(_free(kind, count) for count in sorted(lanes, reverse=True))
        return found

    @cached_property
    def bound(self) -> int:
        """Cycles a frame that the multipliers allow, all of them always busy."""
        return self.graph.macs // max(1, self.most_multipliers)

    def useful(self, node: Node, foldings: Iterable[Folding]) -> Iterator[Folding]:
        """Foldings of a block with a matrix, without those of more outputs at once than `bound` can ask for."""
        (x,), (y,) = self.graph.input_types(node), self.graph.output_types(node)
        least: dict[int, int] = {}
        for folding in sorted(foldings, key=lambda f: f.pe):
            if folding.pe * folding.simd > max(1, self.most_multipliers) or not self.allows(folding):
                continue
            vectors = node.op.macs(x) // (x.channels * y.channels)
            cycles = vectors * beats(x.channels, folding.simd) * beats(y.channels, folding.pe)
            if folding.pe > least.get(folding.simd, folding.pe):
                continue
            if cycles <= self.bound:
                least[folding.simd] = folding.pe
            yield replace(folding, pair=self.pair)

    def allows(self, folding: Folding) -> bool:
        return self.lut_products or folding.products == "dsp"

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
    def fixed(self) -> Resources:
        """What forks, registers and ports take, whatever the foldings."""
        readers: dict[str, int] = {}
        for edge in edges(self.graph):
            readers[edge.tensor] = readers.get(edge.tensor, 0) + 1
        ends = stream.ends(len(self.graph.inputs), 1 if self.sparse else len(self.graph.outputs))
        records = self._records() if self.sparse else ()
        return Resources.total((ends, *records, *(stream.fork(count) for count in readers.values())))

    def _records(self) -> tuple[BlockCost, ...]:
        """What makes records of peaks, and gathers sizes and offsets that come one number a beat."""
        heads = heads_of(self.graph)
        pairs = (stream.width(self.graph.types[name], 1, 2) for name in (heads.size, heads.offset))
        return (stream.peak_records(), *pairs)

    @cached_property
    def intervals(self) -> tuple[int, ...]:
        """All intervals that the slowest block or adapter could have, ascending."""
        found = {c.cost.interval_cycles for options in self.candidates.values() for c in options}
        for link in self.links:
            narrow = {gcd(a, b) for a, b in self.lane_pairs(link) if a != b and min(a, b) > 0}
            found |= {link.tensor.pixels * beats(link.tensor.channels, lanes) for lanes in narrow}
        shortest = max(options[0].cost.interval_cycles for options in self.candidates.values())
        return tuple(sorted(value for value in found if value >= shortest))

    def lane_pairs(self, link: Link) -> set[tuple[int, int]]:
        """All that the two ends of `link` can have."""
        writers = {c.leaves[link.output] for c in self.candidates[link.producer]}
        readers = {c.enters[link.port] for c in self.candidates[link.reader]}
        return {(a, b) for a in writers for b in readers}

    def adapters(self, choice: Mapping[str, Candidate]) -> list[BlockCost]:
        """Costs of the adapters on all links, under a choice."""
        found = []
        for link in self.links:
            ends = choice[link.producer].leaves[link.output], choice[link.reader].enters[link.port]
            cost = adapter(link, *ends)
            if cost is None:
                raise ValueError(f"{link.producer} and {link.reader} do not go together")
            found.append(cost)
        return found

    def reader(self, choice: Mapping[str, Candidate]) -> BlockCost:
        """What serves all blocks with streamed weights, beyond what each of them asks for it."""
        streamed = any(c.folding.tile for c in choice.values())
        return stream.reader() if streamed else BlockCost(0, 0, 0, 0, 0, 0)

    def interval(self, choice: Mapping[str, Candidate]) -> int:
        """Cycles between frames, under a choice."""
        parts = [c.cost for c in choice.values()] + self.adapters(choice)
        return max(part.interval_cycles for part in parts)

    def area(self, choice: Mapping[str, Candidate]) -> Resources:
        """Resources of blocks, adapters, ends, forks and the reader of weights, under a choice."""
        return Resources.total(
            (*(c.cost for c in choice.values()), *self.adapters(choice), self.fixed, self.reader(choice))
        )


def vector(cost: BlockCost | Resources) -> Vector:
    return (cost.lut, cost.ff, round(2 * cost.bram36), cost.dsp, cost.memory_bytes)


def adapter(link: Link, leaving: int, entering: int) -> BlockCost | None:
    """The adapter between two ends, given by `Candidate.leaves` and `enters`; None if they cannot be joined."""
    if leaving == entering:
        return _NOTHING
    if min(leaving, entering) < 0:
        return None
    return stream.width(link.tensor, leaving, entering)


_NOTHING = BlockCost(0, 0, 0, 0, 0, 0)


def _candidates(problem: Problem, node: Node) -> Iterator[Candidate]:
    built, price = load("codesign.hardware.ops", node.op.kind), load("codesign.cost.ops", node.op.kind)
    inputs, outputs = problem.graph.input_types(node), problem.graph.output_types(node)
    foldings: Iterable[Folding] = built.foldings(node.op, inputs, outputs)
    if node.op.multiplies == "dense":
        foldings = problem.useful(node, foldings)
    elif node.op.multiplies == "grouped":
        foldings = (replace(folding, pair=problem.pair) for folding in foldings if problem.allows(folding))
    for f in foldings:
        cost = price.cost(node.op, inputs, outputs, f)
        cost = replace(cost, interval_cycles=cost.sustained_cycles)
        yield Candidate(f, built.lanes(node.op, inputs, outputs, f), cost)


def _streamable(graph: Graph) -> Iterator[tuple[Node, Node]]:
    """Pointwise convolutions whose sums only a requantization reads, and that."""
    for node in graph.nodes:
        if not isinstance(node.op, Conv) or node.name in graph.outputs or len(graph.consumers[node.name]) != 1:
            continue
        reader, _ = graph.consumers[node.name][0]
        if node.op.pointwise and isinstance(reader.op, Requant) and node.op.weight.size >= STREAMED_WEIGHTS:
            yield node, reader


def _streamed_candidates(problem: Problem, conv: Node, requant: Node) -> Iterator[Candidate]:
    assert isinstance(conv.op, Conv) and isinstance(requant.op, Requant)
    inputs, outputs = problem.graph.input_types(conv), problem.graph.output_types(conv)
    for folding in problem.useful(conv, conv_tile.foldings(conv.op, inputs, outputs)):
        steps = beats(inputs[0].channels, folding.simd)
        groups = beats(outputs[0].channels, folding.pe)
        for tile in _tiles(steps, groups):
            for buffer in BUFFERS:
                found = replace(folding, weights="stream", tile=tile, buffer=buffer)
                try:
                    cost = conv_tile_cost.cost_with_port(conv.op, inputs, outputs, found, requant.op)
                except ScheduleError:
                    break
                yield Candidate(found, conv_tile.lanes(conv.op, inputs, outputs, found), cost)


def _tiles(steps: int, groups: int) -> list[int]:
    """Tiles of which one pixel more fills a memory of a power of two of beats, at the input or at the output."""
    sizes = {(1 << bits) // count - 1 for count in (steps, groups) for bits in range(3, 16)}
    return sorted(tile for tile in sizes if 4 < tile <= min(groups, MOST_TILE))


def _inside(pe: int) -> Candidate:
    """The requantization within a streamed block of `pe` outputs."""
    return Candidate(Folding(pe, pe, weights="stream"), Lanes((pe,), (pe,)), _NOTHING)


def _pareto(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Those that no other of the same lanes and tile beats or equals in interval and resources; shortest first."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...], int], list[Candidate]] = {}
    for candidate in found:
        groups.setdefault((candidate.enters, candidate.leaves, candidate.folding.tile), []).append(candidate)
    kept = []
    for group in groups.values():
        group.sort(key=lambda c: (c.cost.interval_cycles, c.area, c.folding))
        best = np.empty((0, len(group[0].area)), dtype=np.int64)
        for candidate in group:
            area = np.array(candidate.area)
            if not (best <= area).all(axis=1).any():
                best = np.vstack([best, area])
                kept.append(candidate)
    return tuple(sorted(kept, key=lambda c: (c.cost.interval_cycles, c.area, c.folding)))


def _free(kind: TensorType, lanes: int) -> Candidate:
    cost = BlockCost(kind.pixels * beats(kind.channels, lanes), 0, 0, 0, 0, 0)
    return Candidate(Folding(lanes, lanes), Lanes((), (lanes,)), cost)
