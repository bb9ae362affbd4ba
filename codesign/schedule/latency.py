"""The latency of a frame in an empty network whose FIFOs and rings are of finite size.

A beat leaves its block when there is room for it behind: when every reader has taken the beat that lies as many places
before it as the edge holds. These times follow from those at which readers take beats, and the other way round; they
are found from below, beginning with room everywhere, until nothing moves any more. No pixel is later than in the
schedule that the FIFOs are made for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from codesign.schedule.arrivals import ADAPTER_CYCLES, Arrivals, Times
from codesign.schedule.edges import Edge, edges
from codesign.schedule.flow import Network, TimedBlock

MOST_ROUNDS = 200

STILL_CYCLES = 0.5
"""A round in which no pixel moves further than this is the last."""

REGISTER_BEATS = 2
"""Beats that a block's output register holds."""


@dataclass(frozen=True)
class Store:
    """What an edge's FIFO holds, in beats of its lanes, and the cycles that a beat takes through it."""

    beats: int
    cycles: int


def latency(network: Network, stores: Mapping[Edge, Store], interval_cycles: int) -> int:
    """Cycles from the first input beat to the last output beat of a frame.

    network: of one frame, scheduled for `interval_cycles`.
    """
    found = arrivals(network, stores, interval_cycles)
    ends = {Edge(name, "", port): found[name].last[-1] for port, name in enumerate(network.graph.outputs)}
    return int(max(end + (stores[edge].cycles if edge in stores else 0) for edge, end in ends.items()))


def arrivals(network: Network, stores: Mapping[Edge, Store], interval_cycles: int) -> dict[str, Arrivals]:
    """When the pixels of all tensors pass at their producers, from the first input beat on."""
    through = {edge: store.cycles for edge, store in stores.items()}
    scheduled, _ = network.flow(interval_cycles, through, None)
    places = {edge: _places(network, edge, stores) for edge in edges(network.graph) if edge.reader}
    found, taken = network.flow(0, through, {})
    for _ in range(MOST_ROUNDS):
        pairs = _back_pressures(network, places, taken, scheduled)
        back_pressures = {block.node.name: back_pressure for block, back_pressure in pairs}
        before, (found, taken) = found, network.flow(0, through, back_pressures)
        if max(float(np.abs(found[name].last - before[name].last).max()) for name in found) < STILL_CYCLES:
            break
    return found


def _back_pressures(
    network: Network, places: Mapping[Edge, int], taken: Mapping[Edge, Arrivals], scheduled: Mapping[str, Arrivals]
) -> Iterator[tuple[TimedBlock, Arrivals]]:
    """Blocks with readers, and from when on there is room for each of their pixels."""
    for block in network.blocks.values():
        outputs = network.graph.output_names(block.node)
        count = [network.produced_beats[name] for name in outputs]
        found = []
        for index, tensor in enumerate(outputs):
            in_turn = bool(block.dependence.parts)
            before, after = (sum(count[:index]), sum(count[index + 1 :])) if in_turn else (0, 0)
            for node, port in network.graph.consumers[tensor]:
                edge = Edge(tensor, node.name, port)
                back_pressure = _back_pressure(taken[edge], count[index], places[edge])
                found.append(Arrivals(back_pressure.first - before, back_pressure.last + after))
        if found:
            latest = Arrivals.latest(found)
            first = np.minimum.reduce([scheduled[name].first for name in outputs])
            last = np.maximum.reduce([scheduled[name].last for name in outputs])
            yield block, Arrivals(np.minimum(latest.first, first), np.minimum(latest.last, last))


def _back_pressure(taken: Arrivals, count: int, places: int) -> Arrivals:
    """When there is room for the first and the last of `count` beats of each pixel, if `places` beats can wait."""
    times, passed = taken.curve(count)
    pixels = np.arange(taken.first.size)

    def room(beat: NDArray[np.int64]) -> Times:
        away = beat + 1 - places
        return np.where(away > 0, np.interp(away, passed, times), -np.inf)

    return Arrivals(room(pixels * count), room((pixels + 1) * count - 1))


def _places(network: Network, edge: Edge, stores: Mapping[Edge, Store]) -> int:
    """Beats of the writer that can be between it and where `flow` says that the reader takes them."""
    reader = network.blocks[edge.reader]
    written, read = network.produced_lanes[edge.tensor], reader.lanes.inputs[edge.port]
    store = stores.get(edge)
    return (
        REGISTER_BEATS
        + (store.beats * network.fifo_lanes(edge) // written if store else 0)
        + _in_adapter(written, read)
        + _in_pipeline(reader, edge.port) * max(1, read // written)
    )


def _in_adapter(written: int, read: int) -> int:
    """Beats of the writer that an adapter of lanes holds."""
    if written == read:
        return 0
    return ADAPTER_CYCLES + (read // written if read > gcd(written, read) else 0)


def _in_pipeline(reader: TimedBlock, port: int) -> int:
    """Beats that stand in the reader's registers while its output is stalled, or that it takes ahead of its work."""
    reached = reader.dependence
    if not reached.whole and not reached.ahead and not reached.in_turn:
        return reader.cost.latency_cycles
    return 2 if port > 0 and reached.ahead else 0
