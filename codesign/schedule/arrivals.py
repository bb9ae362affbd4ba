"""Arrival times: when the pixels of a stream pass a point, and what adapters make of that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np
from numpy.typing import NDArray

from codesign.graph import TensorType
from codesign.hardware.folding import beats

Times = NDArray[np.float64]

ADAPTER_CYCLES = 2
"""From a beat's arrival at an adapter of lanes until what it begins, or completes, leaves."""


@dataclass(frozen=True)
class Arrivals:
    """Times in cycles at which the first and the last beat of every pixel pass."""

    first: Times
    last: Times

    @classmethod
    def spread(cls, pixels: int, spacing: float, count: int) -> Arrivals:
        """Pixels `spacing` cycles apart, each of `count` beats without a gap."""
        first: Times = np.arange(pixels) * np.float64(spacing)
        return cls(first, first + count - 1)

    @classmethod
    def latest(cls, several: Iterable[Arrivals]) -> Arrivals:
        """When pixels pass that wait for one of each."""
        found = list(several)
        return cls(np.maximum.reduce([p.first for p in found]), np.maximum.reduce([p.last for p in found]))

    def later(self, cycles: int) -> Arrivals:
        return Arrivals(self.first + cycles, self.last + cycles)

    def repeated(self, times: int) -> Arrivals:
        """For each of so many that wait for the same pixel."""
        return Arrivals(self.first.repeat(times), self.last.repeat(times))

    def no_sooner(self, first: Times, last: Times) -> Arrivals:
        """With every pixel's ends at these times or later."""
        return Arrivals(np.maximum(self.first, first), np.maximum(self.last, last))

    def accepted(self, count: int) -> Arrivals:
        """Behind a port that takes one beat a cycle, `count` a pixel."""
        last = spaced(np.maximum(self.last, self.first + count - 1), count)
        free = np.concatenate([[0.0], last[:-1] + 1])
        return Arrivals(np.maximum(self.first, free), last)

    def adapted(self, tensor: TensorType, lanes_in: int, lanes_out: int) -> Arrivals:
        """Behind the adapter from `lanes_in` to `lanes_out`, through their greatest common divisor."""
        lanes = gcd(lanes_in, lanes_out)
        count = beats(tensor.channels, lanes)
        first, last = self.first, self.last
        if lanes_in != lanes:
            of_the_last = count - (beats(tensor.channels, lanes_in) - 1) * (lanes_in // lanes)
            first = first + ADAPTER_CYCLES
            last = np.maximum(last + ADAPTER_CYCLES + of_the_last - 1, first + count - 1)
            last = spaced(last, count)
        if lanes_out != lanes:
            gathered = min(lanes_out // lanes, count)
            first = first + (last - first) * ((gathered - 1) / max(1, count - 1)) + ADAPTER_CYCLES
            last = last + ADAPTER_CYCLES
        return Arrivals(first, last)

    def parts(self, sizes: tuple[int, ...]) -> list[Arrivals]:
        """Arrival times of parts of each pixel, of such sizes, one after another."""
        ends = np.cumsum((0, *sizes)) / sum(sizes)
        lasting = self.last + 1 - self.first
        return [Arrivals(self.first + lasting * a, self.first + lasting * b - 1) for a, b in pairwise(ends)]

    def curve(self, count: int) -> tuple[Times, Times]:
        """Times, ascending, and beats, `count` a pixel, that have passed by then."""
        times = np.stack([self.first, self.last + 1], axis=1).reshape(-1)
        pixels = np.arange(self.first.size + 1, dtype=np.float64)
        passed = np.stack([pixels[:-1], pixels[1:]], axis=1).reshape(-1) * count
        return np.maximum.accumulate(times), passed


def spaced(times: Times, gap: float) -> Times:
    """The least t with t[n] >= times[n] and t[n] >= t[n - 1] + gap."""
    ramp = np.arange(times.size, dtype=np.float64) * np.float64(gap)
    found: Times = np.maximum.accumulate(times - ramp) + ramp
    return found


def spaced_in_rows(times: Times, gap: float, wait: float) -> Times:
    """As `spaced` for rows (R, W) of pixels, each begun no sooner than `wait` after the end of the row before."""
    rows, begin = [], -np.inf
    for row in times:
        rows.append(spaced(np.maximum(row, begin), gap))
        begin = rows[-1][-1] + gap + wait
    return np.concatenate(rows)


def occupancy(arriving: Arrivals, leaving: Arrivals, count: int) -> int:
    """The greatest occupancy of a buffer: beats, `count` a pixel, that have arrived and not left."""
    arrived, arrivals = arriving.curve(count)
    left, departures = leaving.curve(count)
    at_arrivals = arrivals - np.interp(arrived, left, departures)
    at_departures = np.interp(left, arrived, arrivals) - departures
    return int(np.ceil(max(at_arrivals.max(), at_departures.max()) - 1e-6))
