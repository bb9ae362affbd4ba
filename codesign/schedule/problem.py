"""The choice of foldings as an integer program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd
from typing import Literal

import numpy as np

from codesign.cost import stream
from codesign.cost.block import BlockCost, Resources
from codesign.graph import Graph, Op, TensorType
from codesign.graph.heads import heads_of
from codesign.graph.op import weights
from codesign.hardware.folding import Folding, Lanes, Types, beats
from codesign.plugins import load
from codesign.schedule.edges import edges
from codesign.schedule.fusion import Pair, pairs

STREAMED_WEIGHTS = 12_000
"""Smaller matrices, of 1.5 BRAM36 at four bits, are not worth a port of the reader."""

AXES = ("lut", "ff", "bram36", "dsp", "memory_bytes")
"""The resources that count, as `Resources` calls them."""

Vector = tuple[int, ...]
"""An amount of each of `AXES`; of BRAM36 in halves."""


@dataclass(frozen=True)
class Sums:
    """An end at the sums within a fused block, which gives `lanes` of them a cycle: no stream, so nothing else fits."""

    lanes: int


End = int | Sums
"""Where a block meets a link: the lanes of a stream, or the sums shared with the other half of a fused block."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One folding of one block.

    A convolution that can be fused with its requantization has candidates for the `fused` block of both besides its
    own, and the requantization has one for each of their numbers of outputs, `within` such a block, which is no block
    and costs nothing. Both choose the same, as their ends at the sums between them fit no others.
    """

    folding: Folding
    lanes: Lanes
    cost: BlockCost
    part: Literal["", "fused", "within"] = ""

    @cached_property
    def area(self) -> Vector:
        return vector(self.cost)

    @cached_property
    def enters(self) -> tuple[End, ...]:
        """The end at each input."""
        return _sums(self.lanes.inputs) if self.part == "within" else self.lanes.inputs

    @cached_property
    def leaves(self) -> tuple[End, ...]:
        """The end at each output."""
        return _sums(self.lanes.outputs) if self.part == "fused" else self.lanes.outputs


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
        graph = self.graph
        found = {
            node.name: tuple(_candidates(self, node.op, graph.input_types(node), graph.output_types(node)))
            for node in graph.nodes
        }
        for pair in self._streamable:
            types = graph.input_types(pair.conv), graph.output_types(pair.requant)
            blocks = [replace(c, part="fused") for c in _candidates(self, pair.fused.op, *types)]
            found[pair.conv.name] += tuple(blocks)
            found[pair.requant.name] += tuple(_within(pe) for pe in sorted({c.folding.pe for c in blocks}))
        found = {name: _pareto(options) for name, options in found.items()}
        for name, kind in self.graph.inputs.items():
            lanes = {c.lanes.inputs[port] for node, port in self.graph.consumers[name] for c in found[node.name]}
            found[name] = tuple(_free(kind, count) for count in sorted(lanes, reverse=True))
        return found

    @property
    def _streamable(self) -> tuple[Pair, ...]:
        """What may be fused to have its weights from memory."""
        found = pairs(self.graph) if self.streaming else ()
        return tuple(pair for pair in found if weights(pair.conv.op)[0].size >= STREAMED_WEIGHTS)

    @cached_property
    def bound(self) -> int:
        """Cycles a frame that the multipliers allow, all of them always busy."""
        return self.graph.multiplications // max(1, self.most_multipliers)

    def useful(self, op: Op, inputs: Types, outputs: Types, foldings: Iterable[Folding]) -> Iterator[Folding]:
        """Foldings of a block with a matrix, without those of more outputs at once than `bound` can ask for."""
        (x,), (y,) = inputs, outputs
        least: dict[tuple[int, int], int] = {}
        for folding in sorted(foldings, key=lambda f: f.pe):
            if folding.pe * folding.inputs > max(1, self.most_multipliers) or not self.allows(folding):
                continue
            vectors = op.macs(x) // (x.channels * y.channels * folding.taps)
            cycles = vectors * beats(x.channels, folding.simd) * beats(y.channels, folding.pe)
            at_once = folding.simd, folding.taps
            if folding.pe > least.get(at_once, folding.pe):
                continue
            if cycles <= self.bound:
                least[at_once] = folding.pe
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
            narrow = {gcd(a, b) for a, b in self.lane_pairs(link) if a != b}
            found |= {link.tensor.pixels * beats(link.tensor.channels, lanes) for lanes in narrow}
        shortest = max(options[0].cost.interval_cycles for options in self.candidates.values())
        return tuple(sorted(value for value in found if value >= shortest))

    def lane_pairs(self, link: Link) -> set[tuple[int, int]]:
        """All lanes that the two ends of `link` can have where it is a stream."""
        writers = {c.leaves[link.output] for c in self.candidates[link.producer]}
        readers = {c.enters[link.port] for c in self.candidates[link.reader]}
        return {(a, b) for a in writers for b in readers if isinstance(a, int) and isinstance(b, int)}

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


def adapter(link: Link, leaving: End, entering: End) -> BlockCost | None:
    """The adapter between two ends; None if they cannot be joined."""
    if leaving == entering:
        return _NOTHING
    if isinstance(leaving, Sums) or isinstance(entering, Sums):
        return None
    return stream.width(link.tensor, leaving, entering)


_NOTHING = BlockCost(0, 0, 0, 0, 0, 0)


def _sums(lanes: tuple[int, ...]) -> tuple[Sums, ...]:
    return tuple(Sums(count) for count in lanes)


def _candidates(problem: Problem, op: Op, inputs: Types, outputs: Types) -> Iterator[Candidate]:
    built, price = load("codesign.hardware.ops", op.kind), load("codesign.cost.ops", op.kind)
    foldings: Iterable[Folding] = built.foldings(op, inputs, outputs)
    if op.multiplies == "dense":
        foldings = problem.useful(op, inputs, outputs, foldings)
    elif op.multiplies == "grouped":
        foldings = (replace(folding, pair=problem.pair) for folding in foldings if problem.allows(folding))
    for f in foldings:
        cost = price.cost(op, inputs, outputs, f)
        cost = replace(cost, interval_cycles=cost.sustained_cycles)
        yield Candidate(f, built.lanes(op, inputs, outputs, f), cost)


def _within(pe: int) -> Candidate:
    """The requantization within a fused block of `pe` outputs."""
    return Candidate(Folding(pe, pe), Lanes((pe,), (pe,)), _NOTHING, part="within")


def _pareto(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Those that no other of the same lanes and tile beats or equals in interval and resources; shortest first."""
    groups: dict[tuple[tuple[End, ...], tuple[End, ...], int], list[Candidate]] = {}
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
