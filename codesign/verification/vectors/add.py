"""The ends of both inputs in all four combinations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.add import Add
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _fill


def frames(op: Add, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    a, b = inputs
    yield _fill.uniform(rng, a), _fill.uniform(rng, b)
    yield _fill.ends(rng, a), _fill.ends(rng, b)
    yield _fill.constant(a, a.lo), _fill.constant(b, b.lo)
    yield _fill.constant(a, a.hi), _fill.constant(b, b.hi)


def goals(op: Add, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return ()
