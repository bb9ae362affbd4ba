"""Maps with equal neighbours, with maxima in every direction, and with values at both sides of the threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.peak import Peak
from codesign.graph.types import TensorType
from codesign.graph.windows import window_max
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal


def frames(op: Peak, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    near = np.arange(op.threshold - 1, op.threshold + 2)
    yield (_sparse(rng, x, np.concatenate((near, [x.hi, x.hi]))),)
    yield (fill.uniform(rng, x),)
    yield (_among(rng, x, near),)
    yield (_among(rng, x, np.array([x.hi - 1, x.hi])),)
    yield (_among(rng, x, np.array([x.lo, op.threshold - 1, op.threshold])),)
    yield (fill.constant(x, x.lo),)
    yield (fill.constant(x, x.hi),)


def _among(rng: np.random.Generator, x: TensorType, values: IntArray) -> IntArray:
    """Any of `values`, as far as the type has them."""
    return rng.choice(values.clip(x.lo, x.hi), x.shape).astype(np.int32)


def _sparse(rng: np.random.Generator, x: TensorType, values: IntArray) -> IntArray:
    """Any of `values` in one place of eight, the lowest elsewhere."""
    return np.where(rng.random(x.shape) < 1 / 8, _among(rng, x, values), x.lo).astype(np.int32)


def goals(op: Peak, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """A maximum at the threshold, one just below it, and two neighbours that are equal and both peaks."""
    (x,) = inputs
    possible = np.array([x.lo <= op.threshold <= x.hi, x.lo < op.threshold <= x.hi + 1, x.hi >= op.threshold])
    possible[2] &= x.pixels > 1

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        (values,), (peaks,) = inputs, outputs
        highest = values == window_max(values, (3, 3), (1, 1), (1, 1, 1, 1))
        passed = peaks > op.floor
        twice = (passed[..., 1:] & passed[..., :-1]).any() or (passed[..., 1:, :] & passed[..., :-1, :]).any()
        at, below = ((highest & (values == edge)).any() for edge in (op.threshold, op.threshold - 1))
        return np.array([at, below, twice])

    return (Goal("peaks at the threshold", possible, seen),)
