"""The ends of both inputs in all four combinations, and pixels of which each has other factors than its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from codesign.graph.ops.mul import Mul
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal


def frames(op: Mul, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    a, b = inputs
    yield fill.uniform(rng, a), fill.uniform(rng, b)
    yield fill.ends(rng, a), fill.ends(rng, b)
    for first, second in product((a.lo, a.hi), (b.lo, b.hi)):
        yield fill.constant(a, first), fill.constant(b, second)
    yield fill.uniform(rng, a), fill.uniform(rng, b)


def goals(op: Mul, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """(C, 2, 2): both ends of both factors together."""
    a, b = inputs

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        first, second = np.broadcast_arrays(*inputs)
        ends = product((a.lo, a.hi), (b.lo, b.hi))
        found = [((first == p) & (second == q)).any(axis=(0, 2, 3)) for p, q in ends]
        return np.stack(found, axis=1).reshape(-1, 2, 2)

    return (Goal("ends of both factors", np.ones((a.channels, 2, 2), bool), seen),)
