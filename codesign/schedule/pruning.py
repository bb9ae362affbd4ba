"""Leaves out candidates that a schedule of least area can do without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from codesign.schedule.problem import AXES, Candidate, End, Problem, Vector, adapter, vector

LANE_LUTS = 8
"""Roughly what a lane more costs at the adapters."""

PROMISING = 12
"""Kinds of lanes of a block that are promising, each with two candidates."""

TOO_MUCH = 1 << 30
"""The area of an adapter that cannot be, or is too slow."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Joint:
    """The ends that the blocks at a link can have: which of them each candidate has, and the adapters between them.

    areas: (ends of the producer, ends of the reader, `AXES`); intervals: the same without the last axis.
    """

    writers: Ints
    readers: Ints
    areas: Ints
    intervals: Ints

    def grows(self, written: Ints, read: Ints, interval: int) -> tuple[Ints, Ints]:
        """The most that the adapter can grow by when one candidate stands in for another, whatever the other end.

        `written` and `read` are the candidates that there are of the producer, n, and of the reader, m.
        Returns (n, n, AXES) and (m, m, AXES); at [d, c] by when d stands in for c.
        """
        out, out_index = np.unique(self.writers[written], return_inverse=True)
        into, in_index = np.unique(self.readers[read], return_inverse=True)
        both = np.ix_(out, into)
        areas = np.where((self.intervals[both] <= interval)[:, :, None], self.areas[both], TOO_MUCH)
        by_writer = (areas[:, None] - areas[None, :]).max(axis=2)
        by_reader = (areas[:, :, None] - areas[:, None, :]).max(axis=0)
        return by_writer[np.ix_(out_index, out_index)], by_reader[np.ix_(in_index, in_index)]


def useful(problem: Problem, interval: int) -> dict[str, list[Candidate]]:
    """Candidates that meet `interval`, without those that some other could replace in any solution at no more area.

    The replacement counts what it changes at the adapters, whatever lanes the neighbours have. As every replacement
    makes some resource smaller and none larger, solutions without the candidates left out are as good.
    """
    kept = {
        name: np.array([i for i, c in enumerate(options) if c.cost.interval_cycles <= interval], dtype=np.int64)
        for name, options in problem.candidates.items()
    }
    extra = {name: np.zeros((len(own), len(own), len(AXES)), dtype=np.int64) for name, own in kept.items()}
    for link, joint in zip(problem.links, _joints(problem), strict=True):
        written, read = kept[link.producer], kept[link.reader]
        if len(written) and len(read):
            by_writer, by_reader = joint.grows(written, read, interval)
            extra[link.producer] += by_writer
            extra[link.reader] += by_reader
    return {name: _irreplaceable([problem.candidates[name][i] for i in own], extra[name]) for name, own in kept.items()}


@lru_cache(maxsize=2)
def _joints(problem: Problem) -> tuple[_Joint, ...]:
    """Those of `problem.links`."""
    found = []
    for link in problem.links:
        ends_out, writers = _numbered([c.leaves[link.output] for c in problem.candidates[link.producer]])
        ends_in, readers = _numbered([c.enters[link.port] for c in problem.candidates[link.reader]])
        costs = [[adapter(link, a, b) for b in ends_in] for a in ends_out]
        areas = [[(TOO_MUCH,) * len(AXES) if cost is None else vector(cost) for cost in row] for row in costs]
        intervals = [[0 if cost is None else cost.interval_cycles for cost in row] for row in costs]
        found.append(_Joint(writers, readers, np.array(areas), np.array(intervals)))
    return tuple(found)


def _numbered(ends: list[End]) -> tuple[list[End], Ints]:
    """The different ones, and which of them each is."""
    different = {end: index for index, end in enumerate(dict.fromkeys(ends))}
    return list(different), np.array([different[end] for end in ends])


def _irreplaceable(found: list[Candidate], extra: Ints) -> list[Candidate]:
    """`extra[d, c]`: the most that adapters can grow by when d stands in for c."""
    if len(found) < 2:
        return found
    area = np.array([c.area for c in found])
    change = area[:, None] - area[None, :] + extra
    order = np.arange(len(found))
    tile = np.array([c.folding.tile for c in found])
    no_more = (change <= 0).all(axis=2) & (tile[:, None] <= tile[None, :])  # larger tiles make FIFOs deeper
    replaces = no_more & ((change < 0).any(axis=2) | ~no_more.T | (order[:, None] < order[None, :]))
    np.fill_diagonal(replaces, False)
    return [c for c, out in zip(found, replaces.any(axis=0), strict=True) if not out]


def promising(
    options: Mapping[str, list[Candidate]], per_unit: Vector, limits: list[int]
) -> dict[str, list[Candidate]] | None:
    """Few candidates of each block: the best at the prices that the resources have if adapters are free.

    None if not even mixtures of candidates fit. The prices are the dual values of the linear relaxation.
    """
    found = [(name, c) for name, own in options.items() for c in own]
    area = np.array([c.area for _, c in found], dtype=np.float64)
    rows = {name: row for row, name in enumerate(options)}
    one_each = csr_array((np.ones(len(found)), ([rows[name] for name, _ in found], np.arange(len(found)))))
    result = linprog(
        area @ np.array(per_unit, dtype=np.float64),
        A_ub=area.T,
        b_ub=np.array(limits, dtype=np.float64),
        A_eq=one_each,
        b_eq=np.ones(len(rows)),
        bounds=(0, 1),
        method="highs",
    )
    if result.status == 2:
        return None
    prices = np.array(per_unit) - result.ineqlin.marginals
    worth = area @ prices + prices[0] * np.array([LANE_LUTS * _widest(c) for _, c in found])
    kept: dict[str, list[Candidate]] = {}
    groups: dict[str, dict[tuple[tuple[End, ...], tuple[End, ...]], int]] = {name: {} for name in options}
    for index in np.argsort(worth, kind="stable"):
        name, candidate = found[index]
        lanes = groups[name]
        key = candidate.enters, candidate.leaves
        if key not in lanes and len(lanes) == PROMISING:
            continue
        lanes[key] = lanes.get(key, 0) + 1
        if lanes[key] <= 2:
            kept.setdefault(name, []).append(candidate)
    return kept


def _widest(candidate: Candidate) -> int:
    return max(*candidate.lanes.inputs, *candidate.lanes.outputs, 1)
