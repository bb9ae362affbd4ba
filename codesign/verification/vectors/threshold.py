"""Both sides of every threshold of every channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.threshold import Threshold
from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Flags, Frame, Frames, Goal


def frames(op: Threshold, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    (x,) = inputs
    telling = [values(op, channel, x, rng) for channel in range(x.channels)]
    return ((frame,) for frame in [*fill.listed(rng, x, telling), fill.ends(rng, x), fill.uniform(rng, x)])


def values(op: Threshold, channel: int, x: TensorType, rng: np.random.Generator) -> IntArray:
    """The ends of the range, then, for every threshold, the integers nearest to it on either side that x can take."""
    row = op.thresholds[channel % len(op.thresholds)].astype(np.int64)
    sign = int(op.sign[channel % len(op.sign)])
    first_and_last = row[[0, -1]]
    at = np.concatenate((first_and_last, rng.permutation(np.unique(row)))) * sign
    on, off = _on_grid(at, x, sign), _on_grid(at - sign, x, -sign)
    found = np.concatenate(([x.lo, x.hi], np.stack((on, off), axis=1).reshape(-1)))
    inside = found[(found >= x.lo) & (found <= x.hi)]
    _, index = np.unique(inside, return_index=True)
    kept: IntArray = inside[np.sort(index)].astype(np.int32)
    return kept


def _on_grid(values: IntArray, x: TensorType, direction: int) -> IntArray:
    """The integers of x nearest to `values` in that direction."""
    steps = (values - x.lo) / x.step
    grid: IntArray = x.lo + x.step * (np.ceil(steps) if direction > 0 else np.floor(steps)).astype(np.int64)
    return grid


def goals(op: Threshold, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """The integers of x nearest to each threshold on either side: (C, K, 2)."""
    (x,) = inputs
    rows = np.broadcast_to(op.thresholds, (x.channels, op.steps)).astype(np.int64)
    signs = np.broadcast_to(op.sign, x.channels)
    sides = np.stack(
        [
            np.stack((_on_grid(row * sign, x, sign), _on_grid((row - 1) * sign, x, -sign)), axis=1)
            for row, sign in zip(rows, signs.tolist(), strict=True)
        ]
    )

    def seen(inputs: Frames, outputs: Frames) -> Flags:
        values = inputs[0].swapaxes(0, 1).reshape(x.channels, -1)
        return np.stack([np.isin(side, row) for side, row in zip(sides, values, strict=True)])

    return (Goal("sides of thresholds", (sides >= x.lo) & (sides <= x.hi), seen),)
