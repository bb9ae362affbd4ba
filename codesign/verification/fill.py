"""Frames of a type's own values: all over its range, and at its ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.reals import random_integers
from codesign.graph.types import TensorType

PLAIN_PIXELS = 16
"""One pixel in so many has all its channels at the lowest value; as many have them at the highest, at 0 and at -1."""


def uniform(rng: np.random.Generator, kind: TensorType) -> IntArray:
    """Any values, and some pixels whose channels are all alike: black and white ones, and bits all zeros or ones."""
    frame: IntArray = random_integers(rng, kind, 1)[0]
    plain = rng.integers(0, PLAIN_PIXELS, kind.shape[1:])
    alike = (kind.lo, kind.hi, *(value for value in (0, -1) if kind.lo < value < kind.hi and kind.step == 1))
    for number, value in enumerate(alike):
        frame[:, plain == number] = value
    return frame


def ends(rng: np.random.Generator, kind: TensorType) -> IntArray:
    """The lowest and the highest value in any order."""
    frame: IntArray = np.where(rng.integers(0, 2, kind.shape, dtype=bool), kind.hi, kind.lo).astype(np.int32)
    return frame


def constant(kind: TensorType, value: int) -> IntArray:
    """One value everywhere."""
    return np.full(kind.shape, value, np.int32)


def listed(rng: np.random.Generator, kind: TensorType, values: Sequence[IntArray]) -> list[IntArray]:
    """As many frames as it takes to show each channel the `values` listed for it, one a pixel, the first ones first."""
    count = max(1, -(-max(len(row) for row in values) // kind.pixels))
    frames = np.stack([uniform(rng, kind) for _ in range(count)]).reshape(count, kind.channels, kind.pixels)
    for channel, row in enumerate(values):
        for frame in range(count):
            part = row[frame * kind.pixels : (frame + 1) * kind.pixels]
            frames[frame, channel, rng.permutation(kind.pixels)[: len(part)]] = part
    return list(frames.reshape(count, *kind.shape))
