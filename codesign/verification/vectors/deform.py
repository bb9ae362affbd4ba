"""Every dilation at every pixel, and sums at both their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.deform import Deform
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal, _filters

SKEW = 5
"""From one row to the next the dilations move on by so many, so that neighbours above each other differ."""


def frames(op: Deform, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    """As many frames as there are dilations show each of them at every pixel, corners and borders included."""
    x, s = inputs
    patches = cycle(_filters.extremes(op.weight, x, rng, groups=x.channels))
    for turn in rng.permutation(s.levels):
        dilations = _turned(s, int(turn))
        yield _at_both_ends(patches, x, dilations, rng), dilations
    if not (x.lo <= 0 <= x.hi and any(_fits(x, dilation) for dilation in _values(s))):
        yield from _at_borders(op, x, s, rng)
    for dilation in (s.lo, s.hi):
        yield fill.ends(rng, x), fill.constant(s, dilation)
    yield fill.uniform(rng, x), fill.uniform(rng, s)


def _turned(s: TensorType, turn: int) -> IntArray:
    """Each dilation in turn along a row, `turn` steps further."""
    rows, columns = np.indices(s.shape[1:])
    step = (rows * SKEW + columns + turn) % s.levels
    found: IntArray = (s.lo + s.step * step)[None].astype(np.int32)
    return found


def _at_both_ends(
    patches: Iterator[_filters.Patch], x: TensorType, dilations: IntArray, rng: np.random.Generator
) -> IntArray:
    """A map in which some pixels see one of the `patches` each, at the dilations given."""
    frame = fill.uniform(rng, x)
    taken = np.zeros(x.shape[1:], dtype=bool)
    for place in rng.permutation(x.pixels):
        row, column = divmod(int(place), x.width)
        dilation = int(dilations[0, row, column])
        rows, columns = (at + dilation * np.arange(-1, 2) for at in (row, column))
        inside = min(rows.min(), columns.min()) >= 0 and rows.max() < x.height and columns.max() < x.width
        if dilation and inside and not taken[np.ix_(rows, columns)].any():
            frame[:, rows[:, None], columns] = next(patches)
            taken[np.ix_(rows, columns)] = True
    return frame


def _at_borders(op: Deform, x: TensorType, s: TensorType, rng: np.random.Generator) -> Iterator[Frame]:
    """A frame for each dilation at which some channels have their greatest sums, or their least."""
    reach = np.stack([_bounds_at(op, x, dilation) for dilation in _values(s)])
    best = np.stack((reach[..., 0].argmin(axis=0), reach[..., 1].argmax(axis=0)))
    for sign, chosen in zip((-1, 1), best, strict=True):
        for index in np.unique(chosen):
            dilation = s.lo + s.step * int(index)
            frame, weight = fill.uniform(rng, x), sign * _spread(op, dilation)
            for channel in np.flatnonzero(chosen == index):
                pads = (abs(dilation),) * 4
                _filters.stamp_best(frame[channel : channel + 1], weight[channel], x, (1, 1), pads, rng, 0)
            yield frame, fill.constant(s, dilation)


def goals(op: Deform, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """Both ends of the sums, and each dilation at each corner, at each border, and within: (dilations, 9)."""
    x, s = inputs
    rows, columns = (
        np.digitize(np.arange(size), [1, size - 1]) if size > 1 else np.zeros(1, int) for size in x.shape[1:]
    )
    zones = 3 * rows[:, None] + columns

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        steps = (inputs[1][:, 0] - s.lo) // s.step
        found = np.zeros((s.levels, 9), dtype=bool)
        found[steps, np.broadcast_to(zones, steps.shape)] = True
        return found

    possible = np.broadcast_to(np.isin(np.arange(9), zones), (s.levels, 9))
    return (_filters.ends_of_sums(_bounds(op, x, s)), Goal("dilations", possible, seen))


def _bounds(op: Deform, x: TensorType, s: TensorType) -> IntArray:
    """(C, 2): the least and the greatest sums at any dilation and pixel."""
    both = np.stack([_bounds_at(op, x, dilation) for dilation in _values(s)])
    return np.stack((both[..., 0].min(axis=0), both[..., 1].max(axis=0)), axis=1)


def _bounds_at(op: Deform, x: TensorType, dilation: int) -> IntArray:
    return _filters.bounds(_spread(op, dilation), op.bias, x, (1, 1), (abs(dilation),) * 4)


def _spread(op: Deform, dilation: int) -> IntArray:
    """The filters (C, 1, k, k) that do at every pixel what the operator does at one of that dilation."""
    if dilation == 0:
        total: IntArray = op.weight.sum(axis=(2, 3), keepdims=True)
        return total
    size = 2 * abs(dilation) + 1
    weight = np.zeros((op.weight.shape[0], 1, size, size), np.int64)
    weight[:, :, :: abs(dilation), :: abs(dilation)] = op.weight if dilation > 0 else op.weight[:, :, ::-1, ::-1]
    return weight


def _fits(x: TensorType, dilation: int) -> bool:
    """Whether the nine taps of some pixel are different ones, and all lie within the map."""
    return dilation != 0 and min(x.shape[1:]) > 2 * abs(dilation)


def _values(s: TensorType) -> range:
    return range(s.lo, s.hi + 1, s.step)
