"""Maps whose sums are the greatest and the least that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Frame, Goal, _filters


def frames(op: AvgPool, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    yield (fill.uniform(rng, x),)
    yield (fill.constant(x, x.hi),)
    yield (fill.constant(x, x.lo),)
    turns = np.arange(x.channels)[:, None, None] % 2 == 0
    yield (np.where(turns, fill.constant(x, x.lo), x.hi).astype(np.int32),)
    yield (fill.ends(rng, x),)
    yield (fill.uniform(rng, x),)


def goals(op: AvgPool, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    (x,) = inputs
    reach = np.array([x.lo, x.hi]) * x.pixels
    return (_filters.ends_of_sums(np.broadcast_to(reach, (x.channels, 2))),)
