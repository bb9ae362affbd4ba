"""Maps in which each place of a window is the greatest somewhere, by much and by one step, up to the borders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Frame, Goal


def frames(op: MaxPool, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    yield (fill.uniform(rng, x),)
    share = 1 / (op.kernel[0] * op.kernel[1])
    yield (_sparse(rng, x, x.lo, x.hi, share),)
    yield (_sparse(rng, x, x.lo, x.lo + x.step, share),)
    yield (_sparse(rng, x, x.hi, x.hi - x.step, 1 - share),)
    yield (fill.constant(x, x.lo),)
    yield (fill.uniform(rng, x),)


def _sparse(rng: np.random.Generator, x: TensorType, ground: int, other: int, share: float) -> IntArray:
    """`ground`, and `other` in that share of the places, if the type has both."""
    chosen = rng.random(x.shape) < share
    return np.where(chosen, min(max(other, x.lo), x.hi), ground).astype(np.int32)


def goals(op: MaxPool, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return ()
