"""Solves the choice of foldings for one interval as a mixed-integer program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from codesign.cost import stream
from codesign.cost.block import Resources
from codesign.errors import ScheduleError
from codesign.hardware.folding import Memory
from codesign.schedule.buffers import Buffer, Buffers
from codesign.schedule.edges import Edge
from codesign.schedule.problem import Candidate, End, Link, Problem, Vector, adapter, vector
from codesign.schedule.pruning import promising, useful

EFFORT = 2_000_000
"""Nodes of the solver's tree for one question, times coefficients of the program.

A limit of seconds would make schedules depend on how fast the machine is, and on what else it does.
"""

LARGE = 1500
"""Programs of more candidates are solved over the most promising ones."""

ANY, NEAR, EXACT = 0.5, 0.005, 1e-4
"""How far from the least area, as a part of it, a solution may be."""

Choice = dict[str, Candidate]


def parts(budget: Resources) -> Vector:
    """What a unit of each resource is of its budget, in millionths."""
    return tuple(1_000_000 // max(1, limit) for limit in vector(budget))


def least_area(
    problem: Problem,
    interval: int,
    budget: Resources,
    *,
    fifos: Buffers | None = None,
    weights: Vector | None = None,
    any_will_do: bool = False,
    relaxed: bool = False,
    thorough: bool = False,
) -> Choice | None:
    """The foldings of least area that meet `interval` within `budget`; None if there are none.

    `fifos` are built as well. Area is the sum of all resources, each as a part of its budget, unless integer `weights`
    say otherwise; `any_will_do` takes the first foldings that fit. `relaxed` only tells whether blocks could fit that
    are mixed from several foldings: if not, none do. `thorough` leaves nothing out of large programs.
    Raises ScheduleError if the solver gives up before it knows.
    """
    options = useful(problem, interval)
    if not all(options.values()):
        return None
    limits = [a - b for a, b in zip(vector(budget), vector(problem.fixed), strict=True)]
    per_unit = weights or parts(budget)
    if any(_least(options, axis) > limit for axis, limit in enumerate(limits)):
        return None

    many = sum(map(len, options.values())) > LARGE
    if many and not thorough:
        best = promising(options, per_unit, limits)
        if best is None:
            return None
        options = best
    program = _Program()
    picks = {name: [program.variable(c.area, whole=not relaxed) for c in found] for name, found in options.items()}
    for variables in picks.values():
        program.add({v: 1 for v in variables}, 1, 1)
    for link in problem.links:
        _couple(program, link, options, picks, interval)
    _add_reader(program, options, picks, relaxed)
    for buffer in (fifos or {}).values():
        _add_fifo(program, buffer, options, picks, relaxed)
    for axis, limit in enumerate(limits):
        program.add({v: area[axis] for v, area in enumerate(program.areas) if area[axis]}, -np.inf, limit)
    sizes = [float(sum(w * a for w, a in zip(per_unit, area, strict=True))) for area in program.areas]
    solution = program.solve(sizes, ANY if any_will_do else NEAR if many else EXACT)
    if solution is None:
        return None
    return {
        name: max(zip(found, picks[name], strict=True), key=lambda pair: solution[pair[1]])[0]
        for name, found in options.items()
    }


def large(problem: Problem, interval: int) -> bool:
    """Whether `least_area` leaves candidates out unless it is asked to be thorough."""
    return sum(map(len, useful(problem, interval).values())) > LARGE


def place(fifos: Buffers, budget: Resources) -> dict[Edge, Memory] | None:
    """Where each FIFO lies, by least area within `budget`; None if they do not fit."""
    if not fifos:
        return {}
    program = _Program()
    picks: dict[Edge, dict[Memory, int]] = {}
    for edge, buffer in fifos.items():
        picks[edge] = {where: program.variable(vector(cost), whole=True) for where, cost in buffer.memories.items()}
        program.add(dict.fromkeys(picks[edge].values(), 1), 1, 1)
    limits = vector(budget)
    for axis, limit in enumerate(limits):
        program.add({v: area[axis] for v, area in enumerate(program.areas)}, -np.inf, limit)
    per_unit = [1 / max(1, limit) for limit in limits]
    sizes = [sum(w * a for w, a in zip(per_unit, area, strict=True)) for area in program.areas]
    solution = program.solve(sizes, EXACT)
    if solution is None:
        return None
    return {edge: max(found, key=lambda where: solution[found[where]]) for edge, found in picks.items()}


def _add_reader(
    program: _Program, options: Mapping[str, list[Candidate]], picks: Mapping[str, list[int]], relaxed: bool
) -> None:
    """Adds the reader of weights, which is there if any block streams its own."""
    streamed = [v for name, found in options.items() for c, v in zip(found, picks[name], strict=True) if c.folding.tile]
    if streamed:
        reader = program.variable(vector(stream.reader()), whole=not relaxed)
        program.add({reader: -len(options)} | dict.fromkeys(streamed, 1), -np.inf, 0)


def _add_fifo(
    program: _Program,
    buffer: Buffer,
    options: Mapping[str, list[Candidate]],
    picks: Mapping[str, list[int]],
    relaxed: bool,
) -> None:
    """Adds a FIFO, deep enough for the convolutions on the branches parallel to it that work in tiles."""
    found = [(depth, program.variable(vector(cost), whole=not relaxed)) for depth, cost in buffer.options(options)]
    program.add({variable: 1 for _, variable in found}, 1, 1)
    needed = {
        variable: -buffer.added(candidate)
        for name in sorted(buffer.parallel & options.keys())
        for candidate, variable in zip(options[name], picks[name], strict=True)
        if candidate.folding.tile
    }
    if needed:
        program.add({variable: depth for depth, variable in found} | needed, buffer.depth, np.inf)


@dataclass
class _Program:
    """A mixed-integer program over variables in [0, 1], each with an area."""

    areas: list[Vector] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    rows: list[dict[int, int]] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)

    def variable(self, area: Vector, whole: bool) -> int:
        self.areas.append(area)
        self.whole.append(whole)
        return len(self.areas) - 1

    def add(self, row: dict[int, int], low: float, high: float) -> None:
        self.rows.append(row)
        self.bounds.append((low, high))

    def solve(self, weights: list[float], gap: float) -> NDArray[np.float64] | None:
        """Values of the variables; None if there are none. Their sum by `weights` is the least, within a part `gap`."""
        data = [(r, v, a) for r, row in enumerate(self.rows) for v, a in row.items()]
        rows, columns, values = zip(*data, strict=True)
        matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), len(self.areas)))
        low, high = zip(*self.bounds, strict=True)
        result = milp(
            np.array(weights),
            integrality=np.array(self.whole, dtype=int),
            bounds=(0, 1),
            constraints=LinearConstraint(matrix, low, high),
            options={"node_limit": max(1, EFFORT // matrix.nnz), "mip_rel_gap": gap, "presolve": False},
        )
        if result.status == 2:
            return None
        if result.x is None:
            raise ScheduleError(f"the solver gave up: {result.message}", remedy="ask for a frame rate")
        values_found: NDArray[np.float64] = result.x
        return values_found


def _couple(
    program: _Program,
    link: Link,
    options: Mapping[str, list[Candidate]],
    picks: Mapping[str, list[int]],
    interval: int,
) -> None:
    """Adds the adapter of a link: one variable for every pair of ends that fit, 1 when these are chosen.

    They are tied to the ends by their marginal sums, which makes the linear relaxation tight.
    """
    writers = _by_end(options[link.producer], picks[link.producer], lambda c: c.leaves[link.output])
    readers = _by_end(options[link.reader], picks[link.reader], lambda c: c.enters[link.port])
    if len(writers) == len(readers) == 1 and writers.keys() == readers.keys():
        return
    costs = {(a, b): adapter(link, a, b) for a in writers for b in readers}
    pairs = {
        lanes: program.variable(vector(cost), whole=False)
        for lanes, cost in costs.items()
        if cost is not None and cost.interval_cycles <= interval
    }
    for lanes, group in writers.items():
        ends = {v: 1 for (a, _), v in pairs.items() if a == lanes}
        program.add(ends | dict.fromkeys(group, -1), 0, 0)
    for lanes, group in readers.items():
        ends = {v: 1 for (_, b), v in pairs.items() if b == lanes}
        program.add(ends | dict.fromkeys(group, -1), 0, 0)


def _by_end(found: list[Candidate], variables: list[int], end: Callable[[Candidate], End]) -> dict[End, list[int]]:
    groups: dict[End, list[int]] = {}
    for candidate, variable in zip(found, variables, strict=True):
        groups.setdefault(end(candidate), []).append(variable)
    return groups


def _least(options: Mapping[str, list[Candidate]], axis: int) -> int:
    return sum(min(c.area[axis] for c in found) for found in options.values())
