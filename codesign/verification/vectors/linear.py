"""Maps that take every output to both its ends, one output a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.linear import Linear
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _filters


def frames(op: Linear, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    weight = op.weight.reshape(-1, *x.shape)
    return ((frame,) for frame in _filters.frames(weight, op.bias, x, (1, 1), (0, 0, 0, 0), rng))


def goals(op: Linear, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    (x,) = inputs
    return _filters.goals(op.weight.reshape(-1, *x.shape), op.bias, x, (1, 1), (0, 0, 0, 0))
