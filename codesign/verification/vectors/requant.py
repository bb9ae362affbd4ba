"""Both ends of the sums, both sides of each clamp, and ties of the rounding between even and odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.base import IntArray
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, _fill


def frames(op: Requant, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    shifts = np.broadcast_to(op.shift, x.channels)
    telling = [values(op, int(shift), x, rng) for shift in shifts]
    return ((frame,) for frame in [*_fill.listed(rng, x, telling), _fill.ends(rng, x), _fill.uniform(rng, x)])


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
