"""Finds the schedule of highest frame rate within a target's budget, or of least area at a given rate."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil, inf

from codesign.cost import stream
from codesign.cost.block import Resources
from codesign.errors import GraphError, ScheduleError
from codesign.graph import Graph
from codesign.hardware.folding import beats
from codesign.schedule.buffers import Buffer, Buffers, branches
from codesign.schedule.edges import Edge
from codesign.schedule.fifos import FRAMES, fifo_depths
from codesign.schedule.flow import Network
from codesign.schedule.fusion import fused
from codesign.schedule.latency import Store, latency
from codesign.schedule.problem import AXES, Problem, Vector, vector
from codesign.schedule.record import Fifo, Schedule
from codesign.schedule.solve import Choice, large, least_area, parts, place
from codesign.targets import Target

PLENTY = Resources(10**9, 10**9, 10**9, 10**9, 10**12)

LIKELY = 1.3
"""A guess at the shortest interval, as a multiple of the one that multipliers allow."""

THOROUGH = 3
"""Intervals that are tried with all foldings of a large network."""

PRODUCT_LUTS = 20
"""That a product made without a DSP slice takes at least."""

ROUNDS = 4
"""Times that foldings are chosen anew because the FIFOs they need did not fit beside them."""


def schedule(
    graph: Graph,
    target: Target,
    *,
    fps: float | None = None,
    max_dsp: int | None = None,
    clock_mhz: float | None = None,
    streaming: bool = False,
    lut_products: bool = False,
    sparse: bool = False,
) -> Schedule:
    """Folds `graph` for `target`.

    Without `fps`, the shortest interval between frames that the budget allows, and the least area at that interval;
    with it, the least area that reaches that many frames a second at `clock_mhz` (default: the target's clock).
    The interval is exactly the shortest, and the area the least, that the cost model knows, FIFOs apart; in networks of
    more than `solve.LARGE` foldings they come close. With `streaming`, weights may come from DDR as well; with
    `lut_products`, products are made of LUTs where DSP slices run out; with `sparse`, the outputs, a detector's, leave
    together as records of peaks.
    Raises ScheduleError, with the figure that overflows, if nothing fits; GraphError if an input is not read, and, with
    `sparse`, for other outputs.
    """
    unread = [name for name in graph.inputs if not graph.consumers[name]]
    if unread:
        raise GraphError(
            f"no operator reads input '{unread[0]}', so there is nothing to build for it",
            where=graph.name,
            remedy="remove the input, or add what is to be computed from it",
        )
    clock = target.clock_mhz if clock_mhz is None else clock_mhz
    # Written so that a number that is none (nan) fails it too.
    if not (0 < clock < inf and 0 < (1 if fps is None else fps) < inf and (max_dsp or 0) >= 0):
        raise ScheduleError("frame rate and clock must be positive, the number of DSPs not negative")
    budget = Resources(**target.budget.model_dump())
    if max_dsp is not None:
        budget = replace(budget, dsp=min(budget.dsp, max_dsp))
    limits = Limits(budget, target.memory_mb_s(clock) / clock)
    wanted = None if fps is None else int(clock * 1e6 / fps)
    most = target.products_per_dsp * budget.dsp
    pair = target.products_per_dsp > 1
    problem = Problem(graph, most_multipliers=most, streaming=streaming, pair=pair, sparse=sparse)
    helped = replace(problem, most_multipliers=most + budget.lut // PRODUCT_LUTS, lut_products=True)
    try:
        found = _scheduled(problem, limits, wanted, target, clock)
    except ScheduleError:
        if not lut_products or not _lacks_dsp(problem, limits, wanted or problem.intervals[-1]):
            raise
        return _scheduled(helped, limits, wanted, target, clock)
    if not lut_products or wanted is not None or not _could_be_faster(problem, helped, limits, found.interval_cycles):
        return found
    try:
        return min(found, _scheduled(helped, limits, wanted, target, clock), key=lambda plan: plan.interval_cycles)
    except ScheduleError:
        return found


def _could_be_faster(problem: Problem, helped: Problem, limits: Limits, interval: int) -> bool:
    """Whether a shorter interval lacks DSP slices; not of a large network, in which LUTs are short as well."""
    if large(problem, interval):
        return False
    shorter = [t for t in problem.intervals if t < interval]
    return _lacks_dsp(problem, limits, shorter[-1]) if shorter else helped.intervals[0] < interval


def _lacks_dsp(problem: Problem, limits: Limits, interval: int) -> bool:
    """Whether even the fewest DSP slices that an interval takes are more than there are."""
    choice = least_area(problem, interval, PLENTY, weights=vector(Resources(dsp=1)))
    return choice is None or problem.area(choice).dsp > limits.resources.dsp


def _scheduled(problem: Problem, limits: Limits, wanted: int | None, target: Target, clock: float) -> Schedule:
    fifos, least = _expected_fifos(problem, limits, wanted), 0
    for _ in range(ROUNDS):
        choice, binds = (
            _fastest(problem, limits, fifos, least) if wanted is None else _smallest(problem, limits, fifos, wanted)
        )
        interval = limits.interval(problem, choice)
        graph = _as_chosen(problem, choice)
        depths = _fifo_depths(problem, graph, choice, interval)
        built = _buffers(graph, choice, depths)
        limit = limits.at(interval)
        placed = place(built, limit - problem.area(choice)) if not problem.area(choice).exceeds(limit) else None
        if placed is not None:
            memories = {edge: Fifo(depth, placed[edge]) for edge, depth in depths.items()}
            area = Resources.total(built[edge].memories[fifo.memory] for edge, fifo in memories.items())
            return _record(problem, graph, choice, memories, area, target, clock, limits, binds)
        fifos, least = {**fifos, **_without_tiles(choice, built)}, interval
    raise ScheduleError(
        "the FIFOs do not fit beside the blocks",
        where=target.name,
        remedy="lower the frame rate, or take another board",
    )


def _expected_fifos(problem: Problem, limits: Limits, wanted: int | None) -> Buffers:
    """The FIFOs of the network where nothing is short, at the interval asked for or one that is likely."""
    likely = [t for t in problem.intervals if t >= (wanted or LIKELY * problem.bound)]
    interval = likely[0] if likely else problem.intervals[-1]
    choice = least_area(problem, interval, PLENTY, weights=_weights(problem, limits.at(interval)))
    if choice is None:
        return {}
    graph = _as_chosen(problem, choice)
    depths = _fifo_depths(problem, graph, choice, problem.interval(choice))
    return _without_tiles(choice, _buffers(graph, choice, depths))


def _weights(problem: Problem, budget: Resources) -> Vector:
    """The weight of each resource in an area: its part of the budget; DSP slices are free where they run out."""
    free = ("dsp",) if problem.lut_products else ()
    return tuple(0 if axis in free else part for axis, part in zip(AXES, parts(budget), strict=True))


@dataclass(frozen=True)
class Limits:
    """What a schedule may take: resources, and bytes from external memory a cycle."""

    resources: Resources
    bytes_a_cycle: float

    def at(self, interval: int) -> Resources:
        """For frames that follow each other so closely."""
        return replace(self.resources, memory_bytes=int(self.bytes_a_cycle * interval))

    def interval(self, problem: Problem, choice: Choice) -> int:
        """Cycles between frames, under a choice: those of the slowest block, or what external memory takes."""
        return max(problem.interval(choice), ceil(problem.area(choice).memory_bytes / self.bytes_a_cycle))


def _fastest(problem: Problem, limits: Limits, fifos: Buffers, least: int) -> tuple[Choice, str]:
    """By bisection: with blocks that may be mixed, which is quick and never too slow, then in earnest, then thoroughly.

    The last is for networks that are large, and tries `THOROUGH` intervals at most. None is shorter than `least`: what
    was found beside fewer FIFOs is not found beside more.
    """
    intervals = problem.intervals
    kept: dict[int, Choice] = {}

    def fits(index: int, thorough: bool = False) -> bool:
        found = _if_in_time(problem, intervals[index], limits, fifos, any_will_do=True, thorough=thorough)
        if found is not None:
            kept[index] = found
        return found is not None

    def could_fit(index: int) -> bool:
        limit = limits.at(intervals[index])
        return least_area(problem, intervals[index], limit, fifos=fifos, any_will_do=True, relaxed=True) is not None

    low = max(_first(len(intervals), could_fit), min(bisect_left(intervals, least), len(intervals) - 1))
    if low == len(intervals):
        raise ScheduleError(f"the network does not fit: {_overflow(problem, intervals[-1], limits, fifos)}")
    step = 1
    while not fits(min(low + step - 1, len(intervals) - 1)):
        if low + step - 1 >= len(intervals) - 1:
            raise ScheduleError(f"the network does not fit: {_overflow(problem, intervals[-1], limits, fifos)}")
        low, step = low + step, 2 * step
    best = min(low + _first(step - 1, lambda index: fits(low + index)), len(intervals) - 1)
    promising = best
    for _ in range(THOROUGH if large(problem, intervals[best]) else 0):
        middle = (low + best) // 2
        if middle < best and fits(middle, thorough=True):
            best = middle
        else:
            low = min(middle + 1, best)
    # What only all foldings together could do, the promising ones cannot.
    choice = (_if_in_time(problem, intervals[best], limits, fifos) if best == promising else None) or kept[best]
    slowest = _slowest(choice)
    if best == 0:
        return choice, f"block {slowest} cannot be made faster"
    faster = intervals[best - 1]
    return (
        choice,
        f"{_overflow(problem, faster, limits, fifos)} at {faster} cycles a frame; block {slowest} is the slowest now",
    )


def _if_in_time(
    problem: Problem,
    interval: int,
    limits: Limits,
    fifos: Buffers,
    any_will_do: bool = False,
    thorough: bool = False,
) -> Choice | None:
    """What `least_area` finds; None as well if the solver gives up."""
    limit = limits.at(interval)
    try:
        weights = _weights(problem, limit)
        return least_area(
            problem, interval, limit, fifos=fifos, weights=weights, any_will_do=any_will_do, thorough=thorough
        )
    except ScheduleError:
        return None


def _first(count: int, holds: Callable[[int], bool]) -> int:
    """The first number below `count` that `holds`, which all above it do as well; `count` if there is none."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _smallest(problem: Problem, limits: Limits, fifos: Buffers, interval: int) -> tuple[Choice, str]:
    if interval < problem.intervals[0]:
        slowest = max(problem.candidates, key=lambda name: problem.candidates[name][0].cost.interval_cycles)
        raise ScheduleError(
            f"{interval} cycles a frame are asked for, block {slowest} takes at least {problem.intervals[0]}",
            remedy="lower the frame rate or raise the clock",
        )
    limit = limits.at(interval)
    weights = _weights(problem, limit)
    choice = least_area(problem, interval, limit, fifos=fifos, weights=weights)
    if choice is None:  # of a large network's foldings, that was a part
        choice = least_area(problem, interval, limit, fifos=fifos, weights=weights, thorough=True)
    if choice is None:
        raise ScheduleError(
            f"{interval} cycles a frame do not fit: {_overflow(problem, interval, limits, fifos)}",
            remedy="lower the frame rate, raise the clock or take a larger board",
        )
    return choice, f"the frame rate asked for; block {_slowest(choice)} is the slowest"


def _overflow(problem: Problem, interval: int, limits: Limits, fifos: Buffers) -> str:
    """Which resources run out at `interval`: each at the least it could be, else at the least beside the others."""
    found: list[str] = []
    limit = limits.at(interval)
    for axis in AXES:
        unit = vector(Resources(**{axis: 1}))
        choice = least_area(problem, interval, PLENTY, weights=unit)
        if choice is None:
            return "the adapters between the blocks are too slow"
        found += Resources(**{axis: getattr(problem.area(choice), axis)}).exceeds(limit)
    return ", ".join(found) or _overflow_together(problem, interval, limit, fifos)


def _overflow_together(problem: Problem, interval: int, limit: Resources, fifos: Buffers) -> str:
    """The least of each resource, FIFOs apart, while all others are kept to; without those the solver gives up on."""
    found: list[str] = []
    for axis in AXES:
        free, unit = replace(limit, **{axis: getattr(PLENTY, axis)}), vector(Resources(**{axis: 1}))
        try:
            choice = least_area(problem, interval, free, fifos=fifos, weights=unit)
        except ScheduleError:
            continue
        if choice is not None:
            over = Resources(**{axis: getattr(problem.area(choice), axis)}).exceeds(limit)
            found += over or [f"{axis.replace('_', ' ').upper()} just over {getattr(limit, axis):g} with FIFOs"]
    return f"no single resource, but all together ({' or '.join(found) or 'several'}, the others kept to)"


def _as_chosen(problem: Problem, choice: Choice) -> Graph:
    """The graph with the blocks that are fused under a choice."""
    return fused(problem.graph, [name for name, candidate in choice.items() if candidate.part == "fused"])


def _fifo_depths(problem: Problem, graph: Graph, choice: Choice, interval: int) -> dict[Edge, int]:
    """Depths in beats. Convolutions with larger tiles than frames keep pixels for several of these."""
    kept = sum(choice[node.name].folding.tile // graph.types[node.inputs[0]].pixels for node in graph.nodes)
    return fifo_depths(_network(graph, choice, FRAMES + kept), interval, together=problem.sparse)


def _network(graph: Graph, choice: Choice, frames: int = 1) -> Network:
    """The graph with its blocks under a choice."""
    costs = {node.name: choice[node.name].cost for node in graph.nodes}
    lanes = {name: candidate.lanes for name, candidate in choice.items()}
    return Network(graph, costs, lanes, {name: choice[name].lanes.outputs[0] for name in graph.inputs}, frames)


def _buffers(graph: Graph, choice: Choice, depths: Mapping[Edge, int]) -> Buffers:
    """FIFOs of such depths, under a choice."""
    types, parallel, network = graph.types, branches(graph), _network(graph, choice)
    lanes = {edge: network.fifo_lanes(edge) for edge in depths}
    return {
        edge: Buffer(
            depth,
            lanes[edge] * types[edge.tensor].bits,
            types[edge.tensor].pixels * beats(types[edge.tensor].channels, lanes[edge]),
            parallel.get(edge, frozenset()),
        )
        for edge, depth in depths.items()
    }


def _without_tiles(choice: Choice, fifos: Buffers) -> Buffers:
    """The FIFOs as they would be if no convolution that the choice has on a parallel branch worked in tiles."""
    return {
        edge: replace(found, depth=max(1, found.depth - sum(found.added(choice[name]) for name in found.parallel)))
        for edge, found in fifos.items()
    }


def _record(
    problem: Problem,
    graph: Graph,
    choice: Choice,
    fifos: Mapping[Edge, Fifo],
    fifo_area: Resources,
    target: Target,
    clock_mhz: float,
    limits: Limits,
    binds: str,
) -> Schedule:
    interval = limits.interval(problem, choice)
    network = _network(graph, choice)
    stores = {
        edge: Store(
            f.depth,
            stream.fifo(network.fifo_lanes(edge) * graph.types[edge.tensor].bits, f.depth, f.memory).latency_cycles,
        )
        for edge, f in fifos.items()
    }
    streams = Resources.total((*problem.adapters(choice), problem.fixed, problem.reader(choice), fifo_area))
    return Schedule(
        target=target.name,
        clock_mhz=clock_mhz,
        foldings={node.name: choice[node.name].folding for node in graph.nodes},
        lanes=network.produced_lanes,
        fifos=dict(fifos),
        interval_cycles=interval,
        latency_cycles=latency(network, stores, interval),
        blocks=dict(network.costs),
        streams=streams,
        budget=limits.at(interval),
        memory_mb_s=target.memory_mb_s(clock_mhz),
        binds=binds,
    )


def _slowest(choice: Choice) -> str:
    return max(choice, key=lambda name: choice[name].cost.interval_cycles)
