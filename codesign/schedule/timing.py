"""When pixels pass: a schedule that all blocks can keep, and the FIFOs that it needs.

Every block is described by when it may start an output pixel (`reach`), its latency and its service time (`cost`). The
graph's inputs and its blocks are paced at the frame interval, FIFOs are unbounded, and the times of all pixels follow
from one max-plus recurrence a block. The greatest number of pixels that wait on an edge becomes its FIFO's depth. As
blocks are determinate, a network whose FIFOs hold what one feasible schedule needs can neither deadlock nor, when run
as fast as data allow, be slower than that schedule (monotonicity of self-timed execution: Lee and Parks, "Dataflow
Process Networks", Proc. IEEE 1995; Sriram and Bhattacharyya, "Embedded Multiprocessors", 2nd ed., chapter 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

from codesign.cost.base import BlockCost, Lanes, beats
from codesign.graph import Graph, Node, TensorType
from codesign.schedule.edges import Edge, edges
from codesign.schedule.reach import reach

Times = NDArray[np.float64]

FRAMES = 2
"""Frames that are followed: in the second, the tail of the first is still in the pipeline."""

JITTER_PIXELS = 1
"""Waiting pixels that make no difference in front of a block that takes in whole ones before it works on them."""

FIFO_BEATS = 3
"""Beats that pass while one passes through a FIFO, at most."""

ADAPTER_CYCLES = 2
"""From a beat's arrival at an adapter of lanes until what it begins, or completes, leaves."""

JITTER_BEATS = 2
"""Waiting beats that make no difference in front of any other: the register at a block's output holds them."""


@dataclass(frozen=True)
class Passage:
    """Times in cycles of the first and last beat of every pixel."""

    first: Times
    last: Times


def fifo_depths(
    graph: Graph,
    costs: Mapping[str, BlockCost],
    lanes: Mapping[str, Lanes],
    input_lanes: Mapping[str, int],
    interval_cycles: int,
    *,
    together: bool = False,
) -> dict[Edge, int]:
    """Depth in beats, of the producer's lanes, of every edge that needs a FIFO to sustain `interval_cycles` a frame.

    together: the outputs leave pixel by pixel at the same time; otherwise each as it comes.
    """
    spacing = {name: interval_cycles / kind.pixels for name, kind in graph.inputs.items()}
    produced, taken = _follow(graph, costs, lanes, spacing, input_lanes, interval_cycles, {})
    at = produced_lanes(graph, lanes, input_lanes)
    depths = {}
    for edge in edges(graph):
        if not edge.reader and not together:
            continue
        count = beats(graph.types[edge.tensor].channels, at[edge.tensor])
        leaving = taken[edge] if edge.reader else _latest(produced[name] for name in graph.outputs)
        waiting = _waiting(produced[edge.tensor], leaving, count)
        if waiting > _held(graph, edge, count):
            depths[edge] = waiting + FIFO_BEATS
    return depths | {edge: FIFO_BEATS for edge in _beside(graph, depths)}


def _beside(graph: Graph, depths: Mapping[Edge, int]) -> Iterable[Edge]:
    """Edges whose beats must wait as long as those of another edge into the same join pass through its FIFO."""
    for node in graph.nodes:
        ports = [Edge(tensor, node.name, port) for port, tensor in enumerate(node.inputs)]
        in_turn = reach(node.op, graph.input_types(node), graph.output_types(node)).in_turn
        if not in_turn and any(edge in depths for edge in ports):
            yield from (edge for edge in ports if edge not in depths and _held(graph, edge, 0) < JITTER_BEATS)


def _held(graph: Graph, edge: Edge, count: int) -> int:
    """Beats, `count` a pixel, that may wait on an edge without a FIFO."""
    if not edge.reader:
        return JITTER_BEATS
    node = graph.node(edge.reader)
    reached = reach(node.op, graph.input_types(node), graph.output_types(node))
    if len(node.inputs) > 1:
        return JITTER_BEATS if reached.ahead and edge.port == 0 else _behind(graph, edge.tensor)
    return JITTER_PIXELS * count if reached.whole or reached.ahead else JITTER_BEATS


def _behind(graph: Graph, tensor: str) -> int:
    """Beats of a tensor that can wait while what has the same source goes on.

    A fork holds the beat that some readers have and others have not. A split holds none: behind a beat of one part
    waits the other part. Shuffles and interleavings may be mere wires.
    """
    if len(graph.consumers[tensor]) > 1:
        return 1
    source = graph.producers.get(tensor)
    if source is None:
        return JITTER_BEATS
    if source.op.kind in ("shuffle", "interleave"):
        return min(_behind(graph, name) for name in source.inputs)
    return 0 if len(graph.output_names(source)) > 1 else JITTER_BEATS


def _latest(passages: Iterable[Passage]) -> Passage:
    """When pixels pass that wait for one of each."""
    found = list(passages)
    return Passage(np.maximum.reduce([p.first for p in found]), np.maximum.reduce([p.last for p in found]))


def latency(
    graph: Graph,
    costs: Mapping[str, BlockCost],
    lanes: Mapping[str, Lanes],
    input_lanes: Mapping[str, int],
    fifo_cycles: Mapping[Edge, int],
) -> int:
    """Cycles from the first input beat to the last output beat of one frame in an empty network.

    fifo_cycles: those that a beat takes through the FIFOs, which are taken to have room.
    """
    spacing = {name: float(beats(kind.channels, input_lanes[name])) for name, kind in graph.inputs.items()}
    produced, _ = _follow(graph, costs, lanes, spacing, input_lanes, 0, fifo_cycles)
    ends = [produced[name].last[graph.types[name].pixels - 1] for name in graph.outputs]
    return int(max(end + fifo_cycles.get(Edge(graph.outputs[i], "", i), 0) for i, end in enumerate(ends)))


def produced_lanes(graph: Graph, lanes: Mapping[str, Lanes], input_lanes: Mapping[str, int]) -> dict[str, int]:
    """Lanes of every tensor where it is produced."""
    found = dict(input_lanes)
    for node in graph.nodes:
        found.update(zip(graph.output_names(node), lanes[node.name].outputs, strict=True))
    return found


def _follow(
    graph: Graph,
    costs: Mapping[str, BlockCost],
    lanes: Mapping[str, Lanes],
    spacing: Mapping[str, float],
    input_lanes: Mapping[str, int],
    pace_cycles: int,
    fifo_cycles: Mapping[Edge, int],
) -> tuple[dict[str, Passage], dict[Edge, Passage]]:
    """Passage of every tensor at its producer, and of every edge at its reader.

    No block hurries: where it neither thins out its pixels nor passes them on as they come, it spreads them over
    `pace_cycles` a frame.
    """
    produced: dict[str, Passage] = {}
    taken: dict[Edge, Passage] = {}
    at = produced_lanes(graph, lanes, input_lanes)
    for name, kind in graph.inputs.items():
        first: Times = np.arange(FRAMES * kind.pixels) * np.float64(spacing[name])
        produced[name] = Passage(first, first + beats(kind.channels, input_lanes[name]) - 1)
    for node in graph.nodes:
        arriving = []
        for port, (name, count) in enumerate(zip(node.inputs, lanes[node.name].inputs, strict=True)):
            behind = _later(produced[name], fifo_cycles.get(Edge(name, node.name, port), 0))
            arriving.append(_adapted(graph.types[name], behind, at[name], count))
        passages, times = _pass(graph, node, costs[node.name], lanes[node.name], arriving, pace_cycles)
        produced.update(zip(graph.output_names(node), passages, strict=True))
        taken.update({Edge(t, node.name, port): times[port] for port, t in enumerate(node.inputs)})
    return produced, taken


def _pass(
    graph: Graph, node: Node, cost: BlockCost, lanes: Lanes, arriving: list[Passage], pace_cycles: int
) -> tuple[list[Passage], list[Passage]]:
    """Passages at the outputs of one block, and those at which it takes its inputs."""
    inputs, outputs = graph.input_types(node), graph.output_types(node)
    reached = reach(node.op, inputs, outputs)
    in_beats = [beats(kind.channels, n) for kind, n in zip(inputs, lanes.inputs, strict=True)]
    out_beats = max(beats(kind.channels, n) for kind, n in zip(outputs, lanes.outputs, strict=True))
    entering = [_accept(passage, count) for passage, count in zip(arriving, in_beats, strict=True)]

    service = _service(cost, inputs, in_beats, outputs[0].pixels, out_beats)
    even = (
        (reached.whole or reached.ahead) and outputs[0].pixels >= inputs[0].pixels and not cost.missing_pixels
    ) or len(entering) > 1
    gap = max(service, pace_cycles / outputs[0].pixels) if even else service
    if reached.in_turn:
        passage, taken = _in_turn(entering, in_beats, gap, cost.latency_cycles)
        return [passage], taken

    frames = np.arange(FRAMES)[:, None]
    need = (np.maximum.accumulate(reached.last) + frames * inputs[0].pixels).reshape(-1)
    fill = (reached.last[0] + 1) * in_beats[0] - 1 if reached.whole else reached.last[0] * in_beats[0]
    delay = max(1, cost.latency_cycles - int(fill))
    ready = (entering[0].last if reached.whole else entering[0].first)[need]
    for other in entering[1:]:
        ready = np.maximum(ready, other.first)
    if cost.missing_pixels:
        arrivals = entering[0].last[: inputs[0].pixels]
        wait = cost.missing_pixels / outputs[0].height * (arrivals[-1] - arrivals[0]) / inputs[0].pixels
        first = _in_rows((ready + delay).reshape(-1, outputs[0].width), gap, wait)
    else:
        first = _spaced(ready + delay, gap)
    spread = cost.spread_cycles or service * (1 - 1 / out_beats)
    if reached.whole:
        last = first + spread
    else:
        done = np.maximum.reduce([entering[0].last[need], *(other.last for other in entering[1:])])
        last = _spaced(np.maximum(first + spread, done + delay), gap)
        first[1:] = np.maximum(first[1:], last[:-1] + 1)

    taken = [entering[0] if reached.ahead else _taken_late(entering[0], need, first, last, reached.whole, delay)]
    taken += [Passage(np.maximum(other.first, first), np.maximum(other.last, first)) for other in entering[1:]]
    return _parts(Passage(first, last), reached.parts) or [Passage(first, last)] * len(outputs), taken


def _parts(whole: Passage, sizes: tuple[int, ...]) -> list[Passage]:
    """Passages of the parts of each pixel, in order."""
    ends = np.cumsum((0, *sizes)) / max(1, sum(sizes))
    lasting = whole.last + 1 - whole.first
    return [Passage(whole.first + lasting * begin, whole.first + lasting * end - 1) for begin, end in pairwise(ends)]


def _in_turn(entering: list[Passage], in_beats: list[int], gap: float, delay: int) -> tuple[Passage, list[Passage]]:
    """A join that passes one pixel of each input after another."""
    done = np.full(entering[0].last.shape, -np.inf)
    for index, passage in enumerate(entering):
        rest = sum(in_beats[index + 1 :])
        done = np.maximum(done, passage.last + rest)
        done = np.maximum(done, passage.first + in_beats[index] + rest - 1)
    done = _spaced(done, max(gap, sum(in_beats)))
    turn = np.concatenate([[0.0], done[:-1] + 1])
    taken = []
    for passage, count in zip(entering, in_beats, strict=True):
        first = np.maximum(passage.first, turn)
        last = np.maximum(passage.last, first + count - 1)
        taken.append(Passage(first, last))
        turn = last + 1
    return Passage(taken[0].first + delay, taken[-1].last + delay), taken


def _service(
    cost: BlockCost, inputs: tuple[TensorType, ...], in_beats: list[int], out_pixels: int, out_beats: int
) -> float:
    """Cycles between two output pixels when nothing else holds them up."""
    reading = max(kind.pixels * count for kind, count in zip(inputs, in_beats, strict=True))
    if cost.work_cycles:
        return max(out_beats, cost.work_cycles / out_pixels)
    return float(out_beats) if cost.interval_cycles <= reading else cost.interval_cycles / out_pixels


def _later(passage: Passage, cycles: int) -> Passage:
    return Passage(passage.first + cycles, passage.last + cycles)


def _adapted(tensor: TensorType, passage: Passage, lanes_in: int, lanes_out: int) -> Passage:
    """The passage behind the adapter from `lanes_in` to `lanes_out`, through their greatest common divisor."""
    lanes = gcd(lanes_in, lanes_out)
    count = beats(tensor.channels, lanes)
    first, last = passage.first, passage.last
    if lanes_in != lanes:
        of_the_last = count - (beats(tensor.channels, lanes_in) - 1) * (lanes_in // lanes)
        first = first + ADAPTER_CYCLES
        last = np.maximum(last + ADAPTER_CYCLES + of_the_last - 1, first + count - 1)
        last = _spaced(last, count)
    if lanes_out != lanes:
        gathered = min(lanes_out // lanes, count)
        first = first + (last - first) * ((gathered - 1) / max(1, count - 1)) + ADAPTER_CYCLES
        last = last + ADAPTER_CYCLES
    return Passage(first, last)


def _accept(arriving: Passage, count: int) -> Passage:
    """Times at which a port that takes one beat a cycle, `count` a pixel, has let the pixels in."""
    last = _spaced(np.maximum(arriving.last, arriving.first + count - 1), count)
    free = np.concatenate([[0.0], last[:-1] + 1])
    return Passage(np.maximum(arriving.first, free), last)


def _taken_late(
    arriving: Passage, need: NDArray[np.int64], first: Times, last: Times, whole: bool, delay: int
) -> Passage:
    """How pixels enter a block that keeps at most the one it works on and, if `whole`, the next."""
    user = np.minimum(np.searchsorted(need, np.arange(arriving.last.size)), need.size - 1)
    if not whole:
        entered = np.maximum(arriving.first, first[user] - delay)
        return Passage(entered, np.maximum(arriving.last, last[user] - delay))
    before = np.where(user > 0, first[user - 1], 0.0)
    lasting = arriving.last - arriving.first
    entered = np.maximum(arriving.first, before)
    return Passage(entered, np.maximum(arriving.last, np.minimum(entered + lasting, before + lasting)))


def _spaced(times: Times, gap: float) -> Times:
    """The least t with t[n] >= times[n] and t[n] >= t[n - 1] + gap."""
    ramp = np.arange(times.size, dtype=np.float64) * np.float64(gap)
    spaced: Times = np.maximum.accumulate(times - ramp) + ramp
    return spaced


def _in_rows(times: Times, gap: float, wait: float) -> Times:
    """As `_spaced` for rows (R, W) of pixels, each begun no sooner than `wait` after the end of the row before."""
    rows, begin = [], -np.inf
    for row in times:
        rows.append(_spaced(np.maximum(row, begin), gap))
        begin = rows[-1][-1] + gap + wait
    return np.concatenate(rows)


def _waiting(arriving: Passage, leaving: Passage, count: int) -> int:
    """Greatest number of beats, `count` a pixel, that have arrived and not left."""
    arrived, arrivals = _curve(arriving, count)
    left, departures = _curve(leaving, count)
    at_arrivals = arrivals - np.interp(arrived, left, departures)
    at_departures = np.interp(left, arrived, arrivals) - departures
    return int(np.ceil(max(at_arrivals.max(), at_departures.max()) - 1e-6))


def _curve(passage: Passage, count: int) -> tuple[Times, Times]:
    """Times, ascending, and beats that have passed by then."""
    times = np.stack([passage.first, passage.last + 1], axis=1).reshape(-1)
    pixels = np.arange(passage.first.size + 1, dtype=np.float64)
    passed = np.stack([pixels[:-1], pixels[1:]], axis=1).reshape(-1) * count
    return np.maximum.accumulate(times), passed
