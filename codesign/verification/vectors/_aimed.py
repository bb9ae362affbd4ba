"""Patches whose sums are just those that tell most of the requantization behind them, where that is in one block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.graph.windows import Convolution
from codesign.verification.vectors import _filters, requant

CANDIDATES = 4096
"""Patches of which the best are taken."""


def frames(
    op: Convolution, follower: Requant, x: TensorType, sums: TensorType, rng: np.random.Generator
) -> Iterator[IntArray]:
    """Frames (C, H, W) for a dense convolution whose sums, of type `sums`, stay within its block.

    By patches each of which has the sum of some channel at a tie of `follower`: those first that bring about most
    ties that none before has.
    """
    kernel = (op.weight.shape[2], op.weight.shape[3])
    yield from _filters.placed(_chosen(op, follower, x, sums, rng), x, kernel, op.stride, op.pads, rng)


def _chosen(
    op: Convolution, follower: Requant, x: TensorType, sums: TensorType, rng: np.random.Generator
) -> Iterator[IntArray]:
    weight = op.weight.reshape(op.weight.shape[0], -1).astype(np.int64)
    bias = np.broadcast_to(op.bias, len(weight)).astype(np.int64)
    shifts = np.broadcast_to(follower.shift, len(weight))
    at = [requant.ties(follower, int(shift), sums, rng) for shift in shifts]
    channels, targets = np.repeat(np.arange(len(at)), [len(row) for row in at]), np.concatenate(at)
    order = rng.permutation(len(targets))[:CANDIDATES]
    patches = aimed(weight[channels[order]], targets[order] - bias[channels[order]], x, rng)
    reached = requant.tied(follower, shifts, patches @ weight.T + bias)
    missing = np.ones(reached.shape[1], dtype=bool)
    while len(patches) and (gain := reached @ missing.astype(np.int32)).any():
        best = int(gain.argmax())
        missing &= reached[best] == 0
        yield patches[best].reshape(op.weight.shape[1:]).astype(np.int32)


def aimed(weight: IntArray, targets: IntArray, x: TensorType, rng: np.random.Generator) -> IntArray:
    """(n, K) values of x for which the sums of `weight` (n, K) times them are `targets` (n,), or come near.

    Values are drawn, and then each moved as far as it may to what is lacking, those of large weights first.
    """
    steps = rng.integers(0, x.levels, weight.shape)
    lacking = targets - (weight * (x.lo + x.step * steps)).sum(axis=1)
    rows = np.arange(len(weight))
    for place in np.argsort(-np.abs(weight), axis=1, kind="stable").T:
        unit = weight[rows, place] * x.step
        wanted = np.where(unit == 0, 0, lacking // np.where(unit == 0, 1, unit))
        moved = (steps[rows, place] + wanted).clip(0, x.levels - 1) - steps[rows, place]
        steps[rows, place] += moved
        lacking -= unit * moved
    found: IntArray = x.lo + x.step * steps
    return found
