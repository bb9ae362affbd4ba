"""Divides the inputs of a binary matrix into slices in which its channels are near each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree

from codesign.reuse.mst import hamming

Slices = tuple[tuple[int, ...], ...]
Prices = Callable[[int], NDArray[np.int64]]
"""By the length n of a slice: what a channel costs that differs from its parent in 0, 1, ... n weights of it."""


def even_slices(inputs: int, count: int) -> Slices:
    """`count` runs of about the same length, of which the last alone may be odd."""
    half = inputs // 2
    lengths = [2 * (half // count + (index < half % count)) for index in range(count)]
    lengths[-1] += inputs % 2
    ends = np.cumsum(lengths)
    return tuple(tuple(range(end - length, end)) for end, length in zip(ends.tolist(), lengths, strict=True))


def tree_cost(distance: NDArray[np.int64], length: int, keeps_sign: bool, prices: Prices) -> int:
    """Cost of the cheapest tree of channels at `distance`, (C, C), over a slice."""
    nearest = distance if keeps_sign else np.minimum(distance, length - distance)
    # A zero is no edge to SciPy: every edge costs one more here, and a tree has C - 1.
    return int(minimum_spanning_tree(prices(length)[nearest] + 1).sum()) - len(distance) + 1


def total_cost(weight: NDArray[np.int8], slices: Slices, prices: Prices) -> int:
    """Sum of the slices' trees for the channels of `weight`; the first slice keeps its sign."""
    return sum(
        tree_cost(hamming(weight[:, list(part)]), len(part), index == 0, prices) for index, part in enumerate(slices)
    )


def exchanged(weight: NDArray[np.int8], slices: Slices, prices: Prices, trials: int, seed: int = 0) -> Slices:
    """`slices` of the same lengths at a lower cost: random pairs of inputs change places where that costs no more."""
    if len(slices) < 2:
        return slices
    rng = np.random.default_rng(seed)
    parts = [list(part) for part in slices]
    positive = weight > 0
    distance = [hamming(weight[:, part]) for part in parts]
    cost = [tree_cost(d, len(part), i == 0, prices) for i, (d, part) in enumerate(zip(distance, parts, strict=True))]
    for _ in range(trials):
        pair = rng.choice(len(parts), 2, replace=False)
        places = [int(rng.integers(len(parts[index]))) for index in pair]
        inputs = [parts[index][place] for index, place in zip(pair, places, strict=True)]
        differs = [(positive[:, None, k] != positive[None, :, k]).astype(np.int64) for k in inputs]
        change = differs[1] - differs[0]
        changed = [distance[pair[0]] + change, distance[pair[1]] - change]
        costs = [tree_cost(d, len(parts[index]), index == 0, prices) for d, index in zip(changed, pair, strict=True)]
        if sum(costs) <= cost[pair[0]] + cost[pair[1]]:
            for index, place, other, d, c in zip(pair, places, reversed(inputs), changed, costs, strict=True):
                parts[index][place], distance[index], cost[index] = other, d, c
    return tuple(map(tuple, parts))
