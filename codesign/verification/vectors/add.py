"""The ends of both inputs in all four combinations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.add import Add
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Frame, Goal


def frames(op: Add, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    a, b = inputs
    yield fill.uniform(rng, a), fill.uniform(rng, b)
    yield fill.ends(rng, a), fill.ends(rng, b)
    yield fill.constant(a, a.lo), fill.constant(b, b.lo)
    yield fill.constant(a, a.hi), fill.constant(b, b.hi)


def goals(op: Add, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return ()
