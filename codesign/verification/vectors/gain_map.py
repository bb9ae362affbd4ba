"""Both ends of the input at every place, and pixels that differ from their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.gain_map import GainMap
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal


def frames(op: GainMap, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    yield (fill.uniform(rng, x),)
    yield (fill.constant(x, x.hi),)
    yield (fill.constant(x, x.lo),)
    yield (fill.ends(rng, x),)
    yield (fill.uniform(rng, x),)


def goals(op: GainMap, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """(C, H, W, 2): both ends of the input with every gain."""
    (x,) = inputs

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        found: Flags = np.stack([(inputs[0] == end).any(axis=0) for end in (x.lo, x.hi)], axis=-1)
        return found

    return (Goal("ends of the input at every place", np.ones((*x.shape, 2), bool), seen),)
