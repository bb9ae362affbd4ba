"""Both ends of the sums, both sides of each clamp, and ties of the rounding between even and odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal

KINDS = 4
"""How many kinds of ties there are: what lies below is even or odd, the sum negative or positive."""


def frames(op: Requant, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    shifts = np.broadcast_to(op.shift, x.channels)
    telling = [values(op, int(shift), x, rng) for shift in shifts]
    return ((frame,) for frame in [*fill.listed(rng, x, telling), fill.ends(rng, x), fill.uniform(rng, x)])


def values(op: Requant, shift: int, x: TensorType, rng: np.random.Generator) -> IntArray:
    """Sums of a channel of that shift that tell a requantization from others, those that tell most first."""
    half, one = (1 << shift >> 1, 1 << shift) if shift > 0 else (0, 1)
    results = np.arange(op.lo - 2, op.hi + 2, dtype=np.int64)
    ties = results * one + half if shift > 0 else results >> -shift
    at_clamps = ties[np.r_[0:4, -4:0]]
    near_zero = ties[np.argsort(np.abs(ties), kind="stable")[:8]]
    first = np.concatenate((_beside([x.lo, x.hi, 0]), _beside(at_clamps), _beside(near_zero)))
    rest = _beside(rng.permutation(ties))
    found = np.concatenate((first, rest))
    inside = found[(found >= x.lo) & (found <= x.hi)]
    _, index = np.unique(inside, return_index=True)
    kept: IntArray = inside[np.sort(index)].astype(np.int32)
    return kept


def _beside(centres: Sequence[int] | IntArray) -> IntArray:
    """Each of them, and the integers beside it."""
    near: IntArray = (np.asarray(centres, np.int64)[:, None] + np.array([0, -1, 1])).reshape(-1)
    return near


def goals(op: Requant, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """Clamps (C, 2), and ties by the channel, by the parity of what lies below and by the sign: (C, 2, 2)."""
    (x,) = inputs
    shifts = np.broadcast_to(op.shift, x.channels)
    least, greatest = (np.rint(np.ldexp(float(end), -shifts)) for end in (x.lo, x.hi))
    below, above = least < op.lo, greatest > op.hi

    def clamped(inputs: Frames, outputs: Frames) -> Flags:
        rounded = [np.rint(np.ldexp(found.astype(np.float64), -shifts)) for found in _ends(inputs[0])]
        return np.stack((rounded[0] < op.lo, rounded[1] > op.hi), axis=1)

    def tied(inputs: Frames, outputs: Frames) -> Flags:
        values = inputs[0].swapaxes(0, 1).reshape(x.channels, -1)
        return np.stack([_ties(op, int(shift), row) for shift, row in zip(shifts, values, strict=True)])

    whole = {shift: _ties(op, shift, np.arange(x.lo, x.hi + 1)) for shift in set(shifts.tolist())}
    possible = np.stack([whole[shift] for shift in shifts.tolist()])
    return (Goal("clamps", np.stack((below, above), axis=1), clamped), Goal("ties", possible, tied))


def ties(op: Requant, shift: int, x: TensorType, rng: np.random.Generator) -> IntArray:
    """One of the eight ties nearest to 0 of each kind (`goals`) that sums of a channel of that shift may have."""
    if shift < 1:
        return np.zeros(0, np.int64)
    centres = (np.arange(op.lo, op.hi, dtype=np.int64) << shift) + (1 << shift - 1)
    centres = centres[(centres >= x.lo) & (centres <= x.hi)]
    kinds = [centres[_kind(shift, centres) == kind] for kind in range(KINDS)]
    near = [found[np.argsort(np.abs(found), kind="stable")[:8]] for found in kinds if len(found)]
    return np.array([rng.choice(found) for found in near], np.int64)


def tied(op: Requant, shifts: IntArray, sums: IntArray) -> IntArray:
    """(n, C * KINDS) of 0 and 1: the kinds of ties that `sums` (n, C) are at."""
    found = np.zeros((*sums.shape, KINDS), np.int32)
    for channel, shift in enumerate(shifts.tolist()):
        if shift < 1:
            continue
        values = sums[:, channel]
        at = (values & (1 << shift) - 1 == 1 << shift - 1) & (values >> shift >= op.lo) & (values >> shift < op.hi)
        rows = np.flatnonzero(at)
        found[rows, channel, _kind(shift, values[rows])] = 1
    return found.reshape(len(sums), -1)


def _kind(shift: int, values: IntArray) -> IntArray:
    """The kind of each tie, by the parity of what lies below it and by its sign."""
    kind: IntArray = 2 * (values >> shift & 1) + (values > 0)
    return kind


def _ends(values: IntArray) -> tuple[IntArray, IntArray]:
    """Least and greatest of each channel."""
    return values.min(axis=(0, 2, 3)), values.max(axis=(0, 2, 3))


def _ties(op: Requant, shift: int, values: IntArray) -> Flags:
    """(2, 2): whether ties between results within the clamps are there, even and odd below, negative and positive."""
    if shift < 1:
        return np.zeros((2, 2), dtype=bool)
    tied = values[values & (1 << shift) - 1 == 1 << shift - 1]
    floor = tied >> shift
    kept = (floor >= op.lo) & (floor < op.hi)
    return np.array(
        [[bool((kept & (floor % 2 == odd) & ((tied > 0) == positive)).any()) for positive in (0, 1)] for odd in (0, 1)]
    )
