"""Every dilation at every pixel, and sums at both their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.base import IntArray
from codesign.graph.ops.deform import Deform
from codesign.graph.types import TensorType
from codesign.verification.vectors import Flags, Frame, Frames, Goal, _fill, _filters

SKEW = 5
"""From one row to the next the dilations move on by so many, so that neighbours above each other differ."""


def frames(op: Deform, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    """As many frames as there are dilations show each of them at every pixel, corners and borders included."""
    x, s = inputs
    for turn in rng.permutation(s.levels):
        dilations = _turned(s, int(turn))
        yield _at_both_ends(op, x, dilations, rng), dilations
    for dilation in (s.lo, s.hi):
        yield _fill.ends(rng, x), _fill.constant(s, dilation)
    yield _fill.uniform(rng, x), _fill.uniform(rng, s)


def _turned(s: TensorType, turn: int) -> IntArray:
    """Each dilation in turn along a row, `turn` steps further."""
    rows, columns = np.indices(s.shape[1:])
    step = (rows * SKEW + columns + turn) % s.levels
    found: IntArray = (s.lo + s.step * step)[None].astype(np.int32)
    return found


def _at_both_ends(op: Deform, x: TensorType, dilations: IntArray, rng: np.random.Generator) -> IntArray:
    """A map in which some pixels have the greatest sums in all channels, and some the least, at the dilations given."""
    frame = _fill.uniform(rng, x)
    patches = list(_filters.extremes(op.weight, x, rng, groups=x.channels))
    taken = np.zeros(x.shape[1:], dtype=bool)
    found = 0
    for place in rng.permutation(x.pixels):
        row, column = divmod(int(place), x.width)
        dilation = int(dilations[0, row, column])
        rows, columns = (at + dilation * np.arange(-1, 2) for at in (row, column))
        inside = min(rows.min(), columns.min()) >= 0 and rows.max() < x.height and columns.max() < x.width
        if dilation and inside and not taken[np.ix_(rows, columns)].any():
            frame[:, rows[:, None], columns] = patches[found % len(patches)]
            taken[np.ix_(rows, columns)] = True
            found += 1
    return frame


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
    found = []
    for dilation in range(s.lo, s.hi + 1, s.step):
        if dilation == 0:
            weight = op.weight.sum(axis=(2, 3), keepdims=True)
            found.append(_filters.bounds(weight, op.bias, x, (1, 1), (0, 0, 0, 0)))
            continue
        reach = 2 * abs(dilation) + 1
        weight = np.zeros((x.channels, 1, reach, reach), np.int64)
        weight[:, :, :: abs(dilation), :: abs(dilation)] = op.weight
        found.append(_filters.bounds(weight, op.bias, x, (1, 1), (abs(dilation),) * 4))
    both = np.stack(found)
    return np.stack((both[..., 0].min(axis=0), both[..., 1].max(axis=0)), axis=1)
