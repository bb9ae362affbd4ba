"""Finds the schedule of highest frame rate within a target's budget, or of least area at a given rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from codesign.cost import _stream
from codesign.cost._memory import ram_in_block
from codesign.cost.base import BlockCost
from codesign.errors import ScheduleError
from codesign.graph import Graph
from codesign.schedule import timing
from codesign.schedule.edges import Edge
from codesign.schedule.problem import Candidate, Problem, vector
from codesign.schedule.record import Fifo, Resources, Schedule
from codesign.schedule.solve import Choice, least_area
from codesign.targets import Target

AXES = ("lut", "ff", "bram36", "dsp")
ROUNDS = 4
"""Times that foldings are chosen anew because the FIFOs they need did not fit beside them."""


def schedule(
    graph: Graph,
    target: Target,
    *,
    fps: float | None = None,
    max_dsp: int | None = None,
    clock_mhz: float | None = None,
) -> Schedule:
    """Folds `graph` for `target`.

    Without `fps`, the shortest interval between frames that the budget allows, and the least area at that interval;
    with it, the least area that reaches that many frames a second at `clock_mhz` (default: the target's clock).
    The interval is exactly the shortest, and the area the least, that the cost model knows. Raises ScheduleError,
    with the figure that overflows, if nothing fits.
    """
    clock = clock_mhz or target.clock_mhz
    if clock <= 0 or (fps is not None and fps <= 0) or (max_dsp is not None and max_dsp < 0):
        raise ScheduleError("frame rate and clock must be positive, the number of DSPs not negative")
    budget = Resources(**target.budget.model_dump())
    if max_dsp is not None:
        budget = replace(budget, dsp=min(budget.dsp, max_dsp))
    problem = Problem(graph)
    wanted = None if fps is None else int(clock * 1e6 / fps)
    reserve = Resources()
    for _ in range(ROUNDS):
        room = budget - reserve
        choice, binds = _fastest(problem, room) if wanted is None else _smallest(problem, room, wanted)
        depths = _fifos(problem, choice)
        fifos = _fifo_area(problem, choice, depths)
        if not (problem.area(choice) + fifos).exceeds(budget):
            return _record(problem, choice, depths, fifos, target.name, clock, budget, binds)
        reserve = Resources(**{axis: max(getattr(reserve, axis), getattr(fifos, axis)) for axis in AXES})
    over = (problem.area(choice) + fifos).exceeds(budget)
    raise ScheduleError(f"the FIFOs do not fit: {', '.join(over)}", where=target.name, remedy="lower the frame rate")


def _fastest(problem: Problem, budget: Resources) -> tuple[Choice, str]:
    intervals = problem.intervals
    low, high = 0, len(intervals) - 1
    if least_area(problem, intervals[high], budget, any_will_do=True) is None:
        raise ScheduleError(f"the network does not fit: {_overflow(problem, intervals[high], budget)}")
    while low < high:
        middle = (low + high) // 2
        if least_area(problem, intervals[middle], budget, any_will_do=True) is None:
            low = middle + 1
        else:
            high = middle
    choice = _must(least_area(problem, intervals[low], budget))
    slowest = _slowest(choice)
    if low == 0:
        return choice, f"block {slowest} cannot be made faster"
    faster = intervals[low - 1]
    return (
        choice,
        f"{_overflow(problem, faster, budget)} at {faster} cycles a frame; block {slowest} is the slowest now",
    )


def _smallest(problem: Problem, budget: Resources, interval: int) -> tuple[Choice, str]:
    if interval < problem.intervals[0]:
        slowest = max(problem.candidates, key=lambda name: problem.candidates[name][0].cost.interval_cycles)
        raise ScheduleError(
            f"{interval} cycles a frame are asked for, block {slowest} takes at least {problem.intervals[0]}",
            remedy="lower the frame rate or raise the clock",
        )
    choice = least_area(problem, interval, budget)
    if choice is None:
        raise ScheduleError(
            f"{interval} cycles a frame do not fit: {_overflow(problem, interval, budget)}",
            remedy="lower the frame rate, raise the clock or take a larger board",
        )
    return choice, f"the frame rate asked for; block {_slowest(choice)} is the slowest"


def _overflow(problem: Problem, interval: int, budget: Resources) -> str:
    """Which resources run out at `interval`, each at the least it could be."""
    plenty = Resources(10**9, 10**9, 10**9, 10**9)
    found: list[str] = []
    for axis in AXES:
        choice = least_area(problem, interval, plenty, weights=vector(Resources(**{axis: 1})))
        if choice is None:
            return "the adapters between the blocks are too slow"
        found += Resources(**{axis: getattr(problem.area(choice), axis)}).exceeds(budget)
    return ", ".join(found) or "no single resource, but all together"


def _fifos(problem: Problem, choice: Choice) -> dict[Edge, int]:
    graph = problem.graph
    costs = {name: candidate.cost for name, candidate in choice.items()}
    lanes = {name: candidate.lanes for name, candidate in choice.items()}
    return timing.fifo_depths(graph, costs, lanes, _input_lanes(graph, choice), problem.interval(choice))


def _fifo_area(problem: Problem, choice: Choice, depths: Mapping[Edge, int]) -> Resources:
    lanes = _lanes(problem.graph, choice)
    types = problem.graph.types
    return Resources.total(
        _stream.fifo(lanes[edge.tensor] * types[edge.tensor].bits, depth) for edge, depth in depths.items()
    )


def _fifo(problem: Problem, choice: Choice, edge: Edge, depth: int) -> Fifo:
    width = _lanes(problem.graph, choice)[edge.tensor] * problem.graph.types[edge.tensor].bits
    return Fifo(depth, ram_in_block(depth, width))


def _record(
    problem: Problem,
    choice: Choice,
    depths: Mapping[Edge, int],
    fifos: Resources,
    target: str,
    clock_mhz: float,
    budget: Resources,
    binds: str,
) -> Schedule:
    graph = problem.graph
    blocks: dict[str, BlockCost] = {node.name: choice[node.name].cost for node in graph.nodes}
    lanes = {name: candidate.lanes for name, candidate in choice.items()}
    streams = Resources.total((*problem.adapters(choice), problem.forks, fifos))
    return Schedule(
        target=target,
        clock_mhz=clock_mhz,
        foldings={node.name: choice[node.name].folding for node in graph.nodes},
        lanes=_lanes(graph, choice),
        fifos={edge: _fifo(problem, choice, edge, depth) for edge, depth in depths.items()},
        interval_cycles=problem.interval(choice),
        latency_cycles=timing.latency(graph, blocks, lanes, _input_lanes(graph, choice)),
        blocks=blocks,
        streams=streams,
        budget=budget,
        memory_mb_s=0.0,
        binds=binds,
    )


def _lanes(graph: Graph, choice: Mapping[str, Candidate]) -> dict[str, int]:
    return timing.produced_lanes(graph, {n: c.lanes for n, c in choice.items()}, _input_lanes(graph, choice))


def _input_lanes(graph: Graph, choice: Mapping[str, Candidate]) -> dict[str, int]:
    return {name: choice[name].lanes.outputs[0] for name in graph.inputs}


def _slowest(choice: Choice) -> str:
    return max(choice, key=lambda name: choice[name].cost.interval_cycles)


def _must(choice: Choice | None) -> Choice:
    if choice is None:
        raise ScheduleError("the solver contradicts itself", remedy="report this with the network")
    return choice
