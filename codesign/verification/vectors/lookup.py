"""Every value of every channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.lookup import Lookup
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal


def frames(op: Lookup, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    telling = [rng.permutation(_values(x)).astype(np.int32) for _ in range(x.channels)]
    return ((frame,) for frame in [*fill.listed(rng, x, telling), fill.ends(rng, x), fill.uniform(rng, x)])


def goals(op: Lookup, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """(C, K) values."""
    (x,) = inputs
    values = _values(x)

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        rows = inputs[0].swapaxes(0, 1).reshape(x.channels, -1)
        return np.stack([np.isin(values, row) for row in rows])

    return (Goal("values of tables", np.ones((x.channels, values.size), bool), seen),)


def _values(x: TensorType) -> np.ndarray:
    return np.arange(x.lo, x.hi + 1)
