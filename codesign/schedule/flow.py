"""How pixels flow through blocks, and so through a network: one max-plus recurrence a block.

A block is described by when it may start an output pixel (`hardware.dependence`), its latency, its service time and
what it holds (`cost`). Times are those at which beats pass; an edge passes at its reader behind its FIFO and adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codesign.cost.block import BlockCost
from codesign.graph import Graph, Node, TensorType
from codesign.hardware.dependence import Dependence, in_bursts
from codesign.hardware.folding import Lanes, beats
from codesign.hardware.lanes import buffered
from codesign.plugins import load
from codesign.schedule.arrivals import Arrivals, Times, spaced, spaced_in_rows
from codesign.schedule.edges import Edge

NO_BACK_PRESSURE = Arrivals(np.array(-np.inf), np.array(-np.inf))
"""There is room behind a block at any time."""


@dataclass(frozen=True, eq=False)
class TimedBlock:
    """A node as it is built, for `frames` frames one behind the other."""

    node: Node
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    cost: BlockCost
    lanes: Lanes
    frames: int

    @cached_property
    def dependence(self) -> Dependence:
        part = load("codesign.hardware.ops", self.node.op.kind)
        found: Dependence = part.dependence(self.node.op, self.inputs, self.outputs)
        return found

    @cached_property
    def in_beats(self) -> list[int]:
        """Beats of a pixel at each input."""
        return [beats(kind.channels, n) for kind, n in zip(self.inputs, self.lanes.inputs, strict=True)]

    @cached_property
    def out_beats(self) -> int:
        return max(beats(kind.channels, n) for kind, n in zip(self.outputs, self.lanes.outputs, strict=True))

    @cached_property
    def service_cycles(self) -> float:
        """Cycles between two output pixels when nothing else holds them up."""
        if self.cost.work_cycles:
            return max(self.out_beats, self.cost.work_cycles / self.outputs[0].pixels)
        reading = max(kind.pixels * count for kind, count in zip(self.inputs, self.in_beats, strict=True))
        if self.cost.interval_cycles <= reading:
            return float(self.out_beats)
        return self.cost.interval_cycles / self.outputs[0].pixels

    @cached_property
    def spread_cycles(self) -> float:
        """Cycles from the first beat of an output pixel to its last."""
        return self.cost.spread_cycles or self.service_cycles * (1 - 1 / self.out_beats)

    @cached_property
    def delay_cycles(self) -> int:
        """Cycles from the beat that an output pixel waits for to its first beat."""
        before = self.dependence.last[0] * self.in_beats[0]
        return max(1, self.cost.latency_cycles - int(before + self.dependence.whole * (self.in_beats[0] - 1)))

    @cached_property
    def need(self) -> NDArray[np.int64]:
        """The last pixel of input 0 that each output pixel waits for."""
        frames = np.arange(self.frames)[:, None] * self.inputs[0].pixels
        return (np.maximum.accumulate(self.dependence.last) + frames).reshape(-1)

    @cached_property
    def served(self) -> list[int]:
        """Output pixels that a pixel of each input serves, where one that is not the first has fewer of them."""
        return [1, *(self.outputs[0].pixels // kind.pixels for kind in self.inputs[1:])]

    @cached_property
    def _origins(self) -> NDArray[np.int64]:
        """The first pixel of each window."""
        assert self.dependence.first is not None
        return (self.dependence.first + np.arange(self.frames)[:, None] * self.inputs[0].pixels).reshape(-1)

    @property
    def keeps(self) -> bool:
        """Whether it holds pixels of its input while it works on them."""
        return self.dependence.whole or self.dependence.ahead

    @cached_property
    def slack_pixels(self) -> float:
        """The slack of a window: input pixels for which it may stay in the ring after its last one, so that none waits.

        Only a ring that is too short for its windows has so few that it matters; others have slack without end.
        """
        if not self.cost.missing_pixels or self.dependence.first is None:
            return np.inf
        span = int((self.dependence.last - self.dependence.first).max())
        return self.cost.ring_pixels - span - 1

    @property
    def even(self) -> bool:
        """Whether it neither thins out its pixels nor passes them on as they come."""
        one_for_one = self.keeps and self.outputs[0].pixels >= self.inputs[0].pixels and not self.cost.missing_pixels
        return one_for_one or len(self.inputs) > 1

    def passed(
        self, arriving: list[Arrivals], pace_cycles: float, back_pressure: Arrivals | None
    ) -> tuple[list[Arrivals], list[Arrivals]]:
        """Arrival times at the outputs, and times at which the inputs are taken.

        pace_cycles: a frame over which `even` blocks spread their pixels, though they could be faster. back_pressure:
        from when on there is room behind the block for each pixel's first and last beat; if None, there always is.
        """
        endless, back_pressure = back_pressure is None, back_pressure or NO_BACK_PRESSURE
        entering = [arrival.accepted(count) for arrival, count in zip(arriving, self.in_beats, strict=True)]
        interval = max(self.service_cycles, pace_cycles / self.outputs[0].pixels) if self.even else self.service_cycles
        if self.dependence.in_turn:
            joined, taken = self._joined_in_turn(entering, interval, back_pressure)
            return [joined], taken
        if self.cost.tile:
            tiled = self._tiled_evenly(entering[0], interval) if endless else self._tiled(entering[0], back_pressure)
            return [tiled[0]], [tiled[1]]
        leaving = self._leaving(entering, interval, back_pressure, endless)
        taken = [self._taken(entering[0], leaving, endless)]
        used = leaving.first if self.dependence.whole else leaving.last
        for other, served in zip(entering[1:], self.served[1:], strict=True):
            taken.append(other.no_sooner(leaving.first[::served], used[::served]))
        if self.dependence.parts:
            return leaving.parts(self.dependence.parts), taken
        return [leaving] * len(self.outputs), taken

    def _leaving(self, entering: list[Arrivals], interval: float, back_pressure: Arrivals, endless: bool) -> Arrivals:
        """When output pixels leave, with an initiation interval of at least `interval` cycles."""
        of_window = self._needed(entering[0])
        others = [other.repeated(n) for other, n in zip(entering[1:], self.served[1:], strict=True)]
        begun = np.maximum.reduce([of_window.first, *(other.first for other in others)])
        if self.dependence.whole:
            start = np.maximum(np.maximum(begun, of_window.last) + self.delay_cycles, back_pressure.first)
            start = np.maximum(start, back_pressure.last - self.spread_cycles)
            first = self._in_turns(start, entering[0], interval) if endless else spaced(start, interval)
            return Arrivals(first, first + self.spread_cycles)
        done = np.maximum.reduce([of_window.last, *(other.last for other in others)])
        first = spaced(np.maximum(begun + self.delay_cycles, back_pressure.first), interval)
        last = spaced(
            np.maximum(np.maximum(first + self.spread_cycles, done + self.delay_cycles), back_pressure.last),
            interval,
        )
        first[1:] = np.maximum(first[1:], last[:-1] + 1)
        return Arrivals(first, last)

    def _needed(self, entering: Arrivals) -> Arrivals:
        """When the last pixel passes that each output pixel waits for, or the part of it that this one is made of."""
        first, last = entering.first[self.need], entering.last[self.need]
        if self.dependence.share is None:
            return Arrivals(first, last)
        begin, end = (np.tile(part, self.frames) for part in self.dependence.share)
        return Arrivals(first + begin * (last - first), first + end * (last - first))

    def _in_turns(self, start: Times, entering: Arrivals, interval: float) -> Times:
        """`start` as the service allows, and a ring that is too short for it: its rows wait for the writer."""
        if not self.cost.missing_pixels:
            return spaced(start, interval)
        pixels, rows = self.inputs[0].pixels, self.outputs[0].height
        arrivals = entering.last[:pixels]
        wait = self.cost.missing_pixels / rows * (arrivals[-1] - arrivals[0]) / pixels
        return spaced_in_rows(start.reshape(-1, self.outputs[0].width), interval, wait)

    def _taken(self, entering: Arrivals, leaving: Arrivals, endless: bool) -> Arrivals:
        """When the pixels of input 0 are taken; into a ring that is too short, as `_in_turns` has it."""
        if not self.dependence.ahead:
            return self._taken_late(entering, leaving)
        if self.dependence.first is None or not self.cost.ring_pixels or (endless and self.cost.missing_pixels):
            return entering
        return self._taken_by_ring(entering, leaving)

    def _taken_late(self, entering: Arrivals, leaving: Arrivals) -> Arrivals:
        """By a block that keeps at most the pixel it works on and, if it needs them whole, the next."""
        user = np.minimum(np.searchsorted(self.need, np.arange(entering.last.size)), self.need.size - 1)
        if not self.dependence.whole:
            return entering.no_sooner(leaving.first[user] - self.delay_cycles, leaving.last[user] - self.delay_cycles)
        free = np.where(user > 0, leaving.first[user - 1] - self.delay_cycles, -np.inf)
        return entering.no_sooner(free, free + self.in_beats[0] - 1)

    def _taken_by_ring(self, entering: Arrivals, leaving: Arrivals) -> Arrivals:
        """Into the place of a pixel that no window needs any more."""
        replaced = np.arange(entering.last.size) - self.cost.ring_pixels
        windows = np.searchsorted(self._origins, replaced, side="right")
        # an idle block reads a window as it comes, which takes about half of the delay
        idle = entering.last[self.need] + self.delay_cycles // 2
        read = np.maximum(leaving.last - self.cost.behind_cycles, idle)
        free = np.where(windows > 0, read[np.maximum(windows, 1) - 1], -np.inf)
        last: Times = np.maximum.accumulate(np.maximum(entering.last, free))
        return Arrivals(np.maximum(entering.first, free), last)

    def _tiled_evenly(self, entering: Arrivals, interval: float) -> tuple[Arrivals, Arrivals]:
        """As `_tiled` where pixels come and leave `interval` cycles apart: there is room for them in the block."""
        late = int(self.cost.latency_cycles * interval / self.service_cycles) - self.in_beats[0] + 1
        first = spaced(entering.last + late, interval)
        free = np.concatenate([np.full(self.cost.tile + 2, -np.inf), first])[: first.size]
        taken = entering.no_sooner(free, free + self.in_beats[0] - 1)
        return Arrivals(first, first + self.service_cycles * (1 - 1 / self.out_beats)), taken

    def _tiled(self, entering: Arrivals, back_pressure: Arrivals) -> tuple[Arrivals, Arrivals]:
        """Through `conv_tile.sv`: when pixels leave, and when they are taken.

        Groups of outputs pass one after another, each for all pixels in flight. Pixel n starts before group
        ceil(n G / T), which waits for it, and leaves after G groups, when pixel n + T can start.
        """
        tile, steps, groups = self.cost.tile, self.in_beats[0], self.out_beats
        pixels = entering.last.size
        before = -(-np.arange(pixels + tile + 1) * groups // tile) * (tile * steps)
        there = np.concatenate([entering.last, np.full(tile, -np.inf)])
        start = np.maximum.accumulate(there - before[:-1]) + before[:-1]
        end = start[tile - 1 : -1] + np.diff(before)[tile - 1 : -1]
        in_step = tile * (steps * (groups + 1) + 1)
        delay = self.cost.latency_cycles - in_step + tile // 2  # words begin every `tile` cycles
        first = spaced(np.maximum(end + delay, back_pressure.first), groups)
        last = np.maximum(first + self.spread_cycles, back_pressure.last)  # `untile.sv` holds the rest of a pixel
        first[1:] = np.maximum(first[1:], last[:-1] + 1)
        free = np.concatenate([np.full(tile + 1, -np.inf), end])[:pixels]
        taken = entering.no_sooner(free, free + steps - 1)
        return Arrivals(first, last), taken

    def _joined_in_turn(
        self, entering: list[Arrivals], interval: float, back_pressure: Arrivals
    ) -> tuple[Arrivals, list[Arrivals]]:
        """A join that passes one pixel of each input after another."""
        delay = self.cost.latency_cycles
        done = back_pressure.last - delay
        for index, arrival in enumerate(entering):
            rest = sum(self.in_beats[index + 1 :])
            done = np.maximum(done, arrival.last + rest)
            done = np.maximum(done, arrival.first + self.in_beats[index] + rest - 1)
        done = spaced(done, max(interval, sum(self.in_beats)))
        turn = np.concatenate([[0.0], done[:-1] + 1])
        taken = []
        for arrival, count in zip(entering, self.in_beats, strict=True):
            taken.append(arrival.no_sooner(turn, np.maximum(arrival.first, turn) + count - 1))
            turn = taken[-1].last + 1
        return Arrivals(taken[0].first + delay, taken[-1].last + delay), taken


@dataclass(frozen=True, eq=False)
class Network:
    """A graph as it is built, for `frames` frames one behind the other.

    costs, lanes: by node. input_lanes: of the graph's inputs.
    """

    graph: Graph
    costs: Mapping[str, BlockCost]
    lanes: Mapping[str, Lanes]
    input_lanes: Mapping[str, int]
    frames: int = 1

    @cached_property
    def blocks(self) -> dict[str, TimedBlock]:
        """By node, in the graph's order."""
        graph = self.graph
        return {
            node.name: TimedBlock(
                node,
                graph.input_types(node),
                graph.output_types(node),
                self.costs[node.name],
                self.lanes[node.name],
                self.frames,
            )
            for node in graph.nodes
        }

    @cached_property
    def produced_lanes(self) -> dict[str, int]:
        return produced_lanes(self.graph, self.lanes, self.input_lanes)

    @cached_property
    def produced_beats(self) -> dict[str, int]:
        """Beats of a pixel of every tensor where it is produced."""
        return {name: beats(self.graph.types[name].channels, lanes) for name, lanes in self.produced_lanes.items()}

    def fifo_lanes(self, edge: Edge) -> int:
        """Lanes of the FIFO of an edge, if it has one."""
        written = self.produced_lanes[edge.tensor]
        if not edge.reader:
            return written
        reader = self.blocks[edge.reader]
        bursts = in_bursts(reader.dependence, reader.inputs, reader.outputs, edge.port)
        return buffered(written, reader.lanes.inputs[edge.port], in_bursts=bursts)

    @cached_property
    def bursts(self) -> dict[str, int]:
        """Channels of every tensor that come at once; blocks that keep no pixels pass bursts on."""
        found = dict.fromkeys(self.graph.inputs, 0)
        for block in self.blocks.values():
            largest = 0 if block.keeps else max(found[name] for name in block.node.inputs)
            found.update(dict.fromkeys(self.graph.output_names(block.node), max(largest, block.cost.burst)))
        return found

    def flow(
        self,
        pace_cycles: float,
        fifo_cycles: Mapping[Edge, int],
        back_pressures: Mapping[str, Arrivals] | None,
    ) -> tuple[dict[str, Arrivals], dict[Edge, Arrivals]]:
        """Arrivals of every tensor at its producer, and of every edge at its reader.

        pace_cycles: between frames at the graph's inputs, 0 as fast as can be; it and back_pressures, by node, as for
        `TimedBlock.passed`. fifo_cycles: those that a beat takes through the FIFOs of edges.
        """
        produced: dict[str, Arrivals] = {}
        taken: dict[Edge, Arrivals] = {}
        for name, kind in self.graph.inputs.items():
            count = self.produced_beats[name]
            spacing = max(count, pace_cycles / kind.pixels)
            produced[name] = Arrivals.spread(self.frames * kind.pixels, spacing, count)
        for name, block in self.blocks.items():
            edges = [Edge(tensor, name, port) for port, tensor in enumerate(block.node.inputs)]
            arriving = [self.arriving(produced, edge, fifo_cycles.get(edge, 0)) for edge in edges]
            arrivals, times = block.passed(
                arriving, pace_cycles, None if back_pressures is None else back_pressures.get(name, NO_BACK_PRESSURE)
            )
            produced.update(zip(self.graph.output_names(block.node), arrivals, strict=True))
            taken.update(zip(edges, times, strict=True))
        return produced, taken

    def arriving(self, produced: Mapping[str, Arrivals], edge: Edge, fifo_cycles: int = 0) -> Arrivals:
        """When pixels arrive behind the FIFO and the adapter of an edge into a block."""
        lanes = self.blocks[edge.reader].lanes.inputs[edge.port]
        behind = produced[edge.tensor].later(fifo_cycles)
        return behind.adapted(self.graph.types[edge.tensor], self.produced_lanes[edge.tensor], lanes)


def produced_lanes(graph: Graph, lanes: Mapping[str, Lanes], input_lanes: Mapping[str, int]) -> dict[str, int]:
    """Lanes of every tensor where it is produced."""
    found = dict(input_lanes)
    for node in graph.nodes:
        found.update(zip(graph.output_names(node), lanes[node.name].outputs, strict=True))
    return found
