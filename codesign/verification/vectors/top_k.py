"""Pixels in which each channel is the largest, by much and by one step, and pixels of equal channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.top_k import TopK
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal


def frames(op: TopK, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    yield (fill.uniform(rng, x),)
    yield (fill.ends(rng, x),)
    yield (fill.constant(x, x.lo),)
    for low, high in ((x.lo, x.hi), (x.lo, min(x.lo + x.step, x.hi)), (max(x.hi - x.step, x.lo), x.hi)):
        for start in range(0, x.channels, x.pixels):
            yield (_largest(rng, x, start, low, high),)
    yield (_ramp(x, 1),)
    yield (_ramp(x, -1),)
    yield (fill.constant(x, x.hi),)
    yield (fill.uniform(rng, x),)


def _largest(rng: np.random.Generator, x: TensorType, start: int, low: int, high: int) -> IntArray:
    """`low`, and `high` in one channel of each pixel: those from `start` on, in any order of the pixels."""
    channels = (start + rng.permutation(x.pixels).reshape(x.shape[1:])) % x.channels
    chosen = np.arange(x.channels)[:, None, None] == channels
    return np.where(chosen, high, low).astype(np.int32)


def _ramp(x: TensorType, sign: int) -> IntArray:
    """Channels that rise, or fall, step by step; every channel is passed on by all places, or by none."""
    steps = np.arange(x.channels) * sign % x.levels
    return np.broadcast_to((x.lo + x.step * steps)[:, None, None], x.shape).astype(np.int32)


def goals(op: TopK, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """Each channel in the first place, and one before another that is equal to it."""
    (x,) = inputs
    several = x.levels > 1

    def first(inputs: Frames, outputs: Frames) -> Flags:
        found: Flags = np.isin(np.arange(x.channels), outputs[0][:, 0])
        return found

    def equal(inputs: Frames, outputs: Frames) -> Flags:
        highest = inputs[0] == inputs[0].max(axis=1, keepdims=True)
        return np.array([(highest.sum(axis=1) > 1).any()])

    possible = np.full(x.channels, several) | (np.arange(x.channels) == 0)
    return Goal("channels in the first place", possible, first), Goal("ties", np.array([x.channels > 1]), equal)
