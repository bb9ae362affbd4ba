"""The FIFOs that a schedule needs which all blocks can keep.

The graph's inputs and its blocks are paced at the frame interval, FIFOs are unbounded, and the times of all pixels
follow block by block (`flow`). The greatest number of pixels that wait on an edge becomes its FIFO's depth. As blocks
are determinate, a network whose FIFOs hold what one feasible schedule needs can neither deadlock nor, when run as fast
as data allow, be slower than that schedule (monotonicity of self-timed execution: Lee and Parks, "Dataflow Process
Networks", Proc. IEEE 1995; Sriram and Bhattacharyya, "Embedded Multiprocessors", 2nd ed., chapter 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil

from codesign.hardware.folding import beats
from codesign.schedule.arrivals import Arrivals, occupancy
from codesign.schedule.edges import Edge, edges
from codesign.schedule.flow import Network

FRAMES = 2
"""Frames that are followed at least: in the second, the tail of the first is still in the pipeline. More where pixels
wait for longer than a frame, as those of a map do that is multiplied by what all of it makes."""

JITTER_PIXELS = 1
"""Waiting pixels that make no difference in front of a block that takes in whole ones before it works on them."""

FIFO_BEATS = 3
"""Beats that pass while one passes through a FIFO, at most."""

JITTER_BEATS = 2
"""Waiting beats that make no difference in front of any other: the register at a block's output holds them."""


def fifo_depths(network: Network, interval_cycles: int, *, together: bool = False) -> dict[Edge, int]:
    """Depth in beats, of `Network.fifo_lanes`, of every edge that needs a FIFO to sustain `interval_cycles` a frame.

    network: of `FRAMES` frames or more. together: the outputs leave pixel by pixel at the same time; otherwise each as
    it comes.
    """
    produced, leaving = _passing(network, interval_cycles, together)
    waits = max((float((at.first - produced[edge.tensor].first).max()) for edge, at in leaving.items()), default=0.0)
    if (frames := 1 + ceil(waits / interval_cycles)) > network.frames:
        network = replace(network, frames=frames)
        produced, leaving = _passing(network, interval_cycles, together)
    depths = {}
    for edge, left in leaving.items():
        lanes = network.fifo_lanes(edge)
        count = beats(network.graph.types[edge.tensor].channels, lanes)
        adapted = lanes != network.produced_lanes[edge.tensor]
        occupied = occupancy(network.arriving(produced, edge) if adapted else produced[edge.tensor], left, count)
        if adapted or occupied > _held(network, edge, count, interval_cycles):
            depths[edge] = occupied + FIFO_BEATS + _uneven_beats(network, edge)
    return depths | {edge: FIFO_BEATS for edge in _parallel(network, depths)}


def _passing(
    network: Network, interval_cycles: int, together: bool
) -> tuple[dict[str, Arrivals], dict[Edge, Arrivals]]:
    """When pixels of all tensors come, and when they leave the edges on which some may have to wait."""
    graph = network.graph
    produced, taken = network.flow(interval_cycles, {}, None)
    if not together:
        return produced, {edge: taken[edge] for edge in edges(graph) if edge.reader}
    at_once = Arrivals.latest(produced[name] for name in graph.outputs)
    return produced, {edge: taken[edge] if edge.reader else at_once for edge in edges(graph)}


def _uneven_beats(network: Network, edge: Edge) -> int:
    """Beats by which more may wait in front of a join than if pixels passed evenly, from first to last beat."""
    if not edge.reader or len(network.graph.node(edge.reader).inputs) == 1:
        return 0
    largest = max(network.bursts[name] for name in network.graph.node(edge.reader).inputs)
    return -(-largest // network.fifo_lanes(edge))


def _parallel(network: Network, depths: Mapping[Edge, int]) -> Iterable[Edge]:
    """Edges whose beats must wait as long as those of another edge into the same join pass through its FIFO."""
    for name, block in network.blocks.items():
        ports = [Edge(tensor, name, port) for port, tensor in enumerate(block.node.inputs)]
        if not block.dependence.in_turn and any(edge in depths for edge in ports):
            others = (edge for edge in ports if edge not in depths)
            yield from (edge for edge in others if _held_by_join(network, edge) < JITTER_BEATS)


def _held(network: Network, edge: Edge, count: int, interval_cycles: int) -> float:
    """Beats, `count` a pixel, that may wait on an edge without a FIFO."""
    if not edge.reader:
        return JITTER_BEATS
    block = network.blocks[edge.reader]
    if len(block.inputs) > 1:
        return _held_by_join(network, edge)
    if not block.keeps:
        return JITTER_BEATS
    pixels = min(JITTER_PIXELS, _slack(network, edge.tensor, interval_cycles))
    return max(min(count, JITTER_BEATS), count * pixels)


def _held_by_join(network: Network, edge: Edge) -> int:
    ahead = network.blocks[edge.reader].dependence.ahead and edge.port == 0
    return JITTER_BEATS if ahead else _held_by_fork(network, edge.tensor)


def _slack(network: Network, tensor: str, interval_cycles: int) -> float:
    """Pixels of a tensor that may wait until the window from which it comes holds up the pixels behind it."""
    source = network.graph.producers.get(tensor)
    while source and len(source.inputs) == 1 and not network.blocks[source.name].keeps:
        source = network.graph.producers.get(source.inputs[0])
    if source is None:
        return JITTER_PIXELS
    block = network.blocks[source.name]
    cycles = block.slack_pixels * interval_cycles / block.inputs[0].pixels - block.service_cycles
    return cycles * network.graph.types[tensor].pixels / interval_cycles


def _held_by_fork(network: Network, tensor: str) -> int:
    """Beats of a tensor that can wait while what has the same source goes on.

    A fork holds the beat that some readers have and others have not. A split holds none: behind a beat of one part
    waits the other part. What may be mere wires holds none of its own.
    """
    graph = network.graph
    if len(graph.consumers[tensor]) > 1:
        return 1
    source = graph.producers.get(tensor)
    if source is None:
        return JITTER_BEATS
    if network.blocks[source.name].dependence.wires:
        return min(_held_by_fork(network, name) for name in source.inputs)
    return 0 if len(graph.output_names(source)) > 1 else JITTER_BEATS
