"""Both sides of every step of every channel, and of both ends of the clamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import MOST_THRESHOLDS, Threshold
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, threshold


def frames(op: Rescale, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return chain.from_iterable(threshold.frames(steps, inputs, rng) for steps in _steps(op, inputs[0]))


def goals(op: Rescale, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """The integers of x nearest to each step on either side: (C, K, 2)."""
    return tuple(goal for steps in _steps(op, inputs[0]) for goal in threshold.goals(steps, inputs))


def _steps(op: Rescale, x: TensorType) -> tuple[Threshold, Threshold]:
    """The steps as thresholds, where there are more than 255, some of them, from the first to the last; and those of
    the clamp's ends, from which on the value is not below the least and is above the largest."""
    (y,) = op.infer(x)
    count = y.hi - y.lo
    places = np.linspace(1, max(1, count), max(1, min(count, MOST_THRESHOLDS))).round().astype(np.int64)
    levels = y.lo + places, np.array([y.lo, y.hi + 1])
    steps, ends = (Threshold(*op.thresholds(level), y.lo, op.scale) for level in levels)
    return steps, ends
