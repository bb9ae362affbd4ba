"""Solves the choice of foldings for one interval with CP-SAT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from codesign.cost import _stream
from codesign.cost.base import Lanes
from codesign.errors import ScheduleError
from codesign.schedule.problem import Candidate, Link, Problem, Vector, vector
from codesign.schedule.record import Resources

LIMIT_S = 20.0
"""Deterministic seconds of the solver for one question; none so far needed a tenth."""

Choice = dict[str, Candidate]


def least_area(
    problem: Problem, interval: int, budget: Resources, *, weights: Vector | None = None, any_will_do: bool = False
) -> Choice | None:
    """The foldings of least area that meet `interval` within `budget`; None if there are none.

    Area is the sum of all resources, each as a part of its budget, unless integer `weights` say otherwise;
    `any_will_do` takes the first foldings that fit. Raises ScheduleError if the solver gives up before it knows.
    """
    options = _useful(problem, interval)
    if not all(options.values()):
        return None
    limits = [a - b for a, b in zip(vector(budget), vector(problem.forks), strict=True)]
    per_unit = weights or tuple(1_000_000 // max(1, limit) for limit in vector(budget))
    if any(_least(options, axis) > limit for axis, limit in enumerate(limits)):
        return None

    model = cp_model.CpModel()
    picks = {name: [model.new_bool_var(f"{name}_{i}") for i in range(len(found))] for name, found in options.items()}
    for variables in picks.values():
        model.add_exactly_one(variables)
    terms: list[tuple[cp_model.IntVar, Vector]] = [
        (variable, candidate.area)
        for name, found in options.items()
        for variable, candidate in zip(picks[name], found, strict=True)
    ]
    for link in problem.links:
        terms += _couple(model, link, options, picks, interval)
    for axis, limit in enumerate(limits):
        model.add(sum(variable * area[axis] for variable, area in terms) <= limit)
    model.minimize(
        sum(variable * sum(w * a for w, a in zip(per_unit, area, strict=True)) for variable, area in terms)
    )

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = LIMIT_S
    solver.parameters.stop_after_first_solution = any_will_do
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise ScheduleError(f"no answer within the solver's limit at {interval} cycles a frame", remedy="give --fps")
    return {
        name: next(c for c, variable in zip(found, picks[name], strict=True) if solver.boolean_value(variable))
        for name, found in options.items()
    }


def _couple(
    model: cp_model.CpModel,
    link: Link,
    options: Mapping[str, list[Candidate]],
    picks: Mapping[str, list[cp_model.IntVar]],
    interval: int,
) -> list[tuple[cp_model.IntVar, Vector]]:
    """Adapter terms of a link: one variable for every pair of lanes, 1 when both ends have them."""
    writers = _by_lanes(options[link.producer], picks[link.producer], lambda c: c.lanes.outputs[link.output])
    readers = _by_lanes(options[link.reader], picks[link.reader], lambda c: c.lanes.inputs[link.port])
    terms = []
    for a, writing in writers.items():
        for b, reading in readers.items():
            if a == b:
                continue
            cost = _stream.width(link.tensor, a, b)
            if cost.interval_cycles > interval:
                model.add(sum(writing) + sum(reading) <= 1)
                continue
            both = model.new_bool_var("")
            model.add(sum(writing) + sum(reading) <= 1 + both)
            terms.append((both, vector(cost)))
    return terms


def _by_lanes(found: list[Candidate], variables: list[cp_model.IntVar], lanes: Any) -> dict[int, list[cp_model.IntVar]]:
    groups: dict[int, list[cp_model.IntVar]] = {}
    for candidate, variable in zip(found, variables, strict=True):
        groups.setdefault(lanes(candidate), []).append(variable)
    return groups


def _useful(problem: Problem, interval: int) -> dict[str, list[Candidate]]:
    """Candidates that meet `interval` and are not worse than another in every way.

    One with other lanes is worse only if it is so by more than all adapters at the block's ports could make good, and
    if the other's lanes can be adapted to all that the neighbours may have.
    """
    fast = {name: [c for c in found if c.cost.interval_cycles <= interval] for name, found in problem.candidates.items()}
    slack = {name: np.zeros(4, dtype=np.int64) for name in fast}
    safe = {name: np.ones(len(found), dtype=bool) for name, found in fast.items()}
    for link in problem.links:
        writing = [c.lanes.outputs[link.output] for c in fast[link.producer]]
        reading = [c.lanes.inputs[link.port] for c in fast[link.reader]]
        costs = {(a, b): _stream.width(link.tensor, a, b) for a in set(writing) for b in set(reading)}
        worst = np.array([vector(cost) for cost in costs.values()] or [(0, 0, 0, 0)]).max(axis=0)
        slow = {pair for pair, cost in costs.items() if cost.interval_cycles > interval}
        safe[link.producer] &= np.array([not any((a, b) in slow for b in set(reading)) for a in writing], dtype=bool)
        safe[link.reader] &= np.array([not any((a, b) in slow for a in set(writing)) for b in reading], dtype=bool)
        slack[link.producer] += worst
        slack[link.reader] += worst
    return {name: _undominated(found, slack[name], safe[name]) for name, found in fast.items()}


def _undominated(found: list[Candidate], slack: NDArray[np.int64], safe: NDArray[np.bool_]) -> list[Candidate]:
    if len(found) < 2:
        return found
    area = np.array([c.area for c in found])
    kinds: dict[Lanes, int] = {}
    kind = np.array([kinds.setdefault(c.lanes, len(kinds)) for c in found])
    order = np.arange(len(found))
    same = kind[:, None] == kind[None, :]
    no_more = (area[:, None] <= area[None, :]).all(axis=2)
    equal = no_more & no_more.T
    beaten = same & no_more & (~equal | (order[:, None] < order[None, :]))
    margin = area[None, :] - area[:, None] - slack
    beaten |= safe[:, None] & ~same & (margin >= 0).all(axis=2) & (margin > 0).any(axis=2)
    return [c for c, worse in zip(found, beaten.any(axis=0), strict=True) if not worse]


def _least(options: Mapping[str, list[Candidate]], axis: int) -> int:
    return sum(min(c.area[axis] for c in found) for found in options.values())
