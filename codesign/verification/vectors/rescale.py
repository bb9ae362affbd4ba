"""Both sides of every step of every channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import MOST_THRESHOLDS, Threshold
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, threshold


def frames(op: Rescale, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return threshold.frames(_steps(op, inputs[0]), inputs, rng)


def goals(op: Rescale, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """The integers of x nearest to each step on either side: (C, K, 2)."""
    return threshold.goals(_steps(op, inputs[0]), inputs)


def _steps(op: Rescale, x: TensorType) -> Threshold:
    """The steps as thresholds; where there are more than 255, some of them, from the first to the last."""
    (y,) = op.infer(x)
    count = y.hi - y.lo
    places = np.linspace(1, max(1, count), max(1, min(count, MOST_THRESHOLDS))).round().astype(np.int64)
    rows, sign = op.thresholds(y.lo + places)
    return Threshold(rows, sign, y.lo, op.scale)
