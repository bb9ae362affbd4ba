"""Binary channels computed from one another along a minimum spanning tree of their weights' Hamming distances.

With P_i = popcount(xnor(x, w_i)) over n bits, d the number of weights in which channels i and j differ:

    P_j = P_i - d + 2 * popcount(xnor(x, w_j) over the differing bits)         costs d bits
    P_j = d - P_i + 2 * popcount(xnor(x, w_j) over the agreeing bits)          costs n - d bits: the complement's reuse

The root costs n bits. After MST-compression (Vo et al., ICCV 2023, arXiv 2308.13735), whose tree is the one of least
depth among those of least distance; here that is a heuristic's (`spanning.py`), only the distance is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from codesign.errors import GraphError
from codesign.reuse.spanning import levels, spanning_tree, top_down

WORD = 64


@dataclass(frozen=True, eq=False)
class ReuseTree:
    """How the channels of `weight` follow from one another.

    weight: int8 (C, n) of +-1. parent: int64 (C,), -1 for the root, which is computed by itself.
    complement: bool (C,), channels that reuse their parent's complement, which is nearer than the parent.
    """

    weight: NDArray[np.int8]
    parent: NDArray[np.int64]
    complement: NDArray[np.bool_]

    @property
    def root(self) -> int:
        return int(np.flatnonzero(self.parent < 0)[0])

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The channels, each after its parent."""
        return top_down(self.parent)

    @cached_property
    def level(self) -> NDArray[np.int64]:
        """Channels between each one and the root: 0 for the root."""
        return levels(self.parent)

    @property
    def depth(self) -> int:
        return int(self.level.max())

    def positions(self, channel: int) -> NDArray[np.int64]:
        """The inputs whose popcount `channel` needs: all for the root, else those that differ from its parent's
        weights or, with the complement, agree with them."""
        if channel == self.root:
            return np.arange(self.weight.shape[1])
        differs = self.weight[channel] != self.weight[self.parent[channel]]
        return np.flatnonzero(differs != self.complement[channel])

    @cached_property
    def distance(self) -> NDArray[np.int64]:
        """Bits that each channel counts, (C,): n for the root."""
        return np.array([len(self.positions(channel)) for channel in range(len(self.parent))])

    @property
    def total(self) -> int:
        """Bits counted in all, per position of the output."""
        return int(self.distance.sum())

    @property
    def kept(self) -> float:
        """`total` as a fraction of the n * C bits of the plain form."""
        return self.total / self.weight.size

    def popcounts(self, bits: NDArray[np.int64]) -> NDArray[np.int64]:
        """popcount(xnor(x, w)) of all channels, (N, C), by the tree's equations; bits: (N, n) of 1 and, for -1, 0."""
        agree = bits[:, None, :] == (self.weight > 0)
        counts = np.empty(agree.shape[:2], np.int64)
        for channel in self.order:
            counted = agree[:, channel, self.positions(channel)].sum(axis=1)
            if channel == self.root:
                counts[:, channel] = counted
                continue
            reused = counts[:, self.parent[channel]]
            if self.complement[channel]:
                differing = self.weight.shape[1] - self.distance[channel]
                counts[:, channel] = differing - reused + 2 * counted
            else:
                counts[:, channel] = reused - self.distance[channel] + 2 * counted
        return counts


def reuse_tree(weight: ArrayLike, max_depth: int | None = None) -> ReuseTree:
    """The tree of least total distance over the channels of `weight`, (C, n) of +-1, with few levels.

    max_depth: most levels between the root and a channel, at the price of distance; by a heuristic.
    Raises GraphError for other weights, ScheduleError if max_depth cannot be.
    """
    matrix = signs(weight)
    distance = hamming(matrix)
    bits = matrix.shape[1]
    parent = spanning_tree(np.minimum(distance, bits - distance), max_depth)
    complement = (parent >= 0) & (2 * distance[np.arange(len(parent)), parent] > bits)
    return ReuseTree(matrix, parent, complement)


def signs(weight: ArrayLike) -> NDArray[np.int8]:
    """`weight` as int8 (C, n). Raises GraphError unless it is such a matrix of +-1, with a channel and an input."""
    matrix = np.asarray(weight)
    if matrix.ndim != 2 or not matrix.size:
        raise GraphError(f"binary weights are a matrix (channels, inputs), not of shape {matrix.shape}")
    if not (np.abs(matrix) == 1).all():
        channel, position = map(int, np.argwhere(np.abs(matrix) != 1)[0])
        raise GraphError(
            f"weight ({channel}, {position}) is {matrix[channel, position]}", remedy="binary weights are +1 or -1"
        )
    return matrix.astype(np.int8)


def hamming(weight: NDArray[np.int8]) -> NDArray[np.int64]:
    """Numbers of differing weights between all pairs of rows, int64 (C, C), of weights (C, n) of +-1."""
    channels, bits = weight.shape
    padded = np.zeros((channels, -(-bits // WORD) * WORD), bool)
    padded[:, :bits] = weight > 0
    words = np.packbits(padded, axis=1).view(np.uint64)
    distance = np.zeros((channels, channels), np.int64)
    for row in range(channels - 1):
        differing = np.bitwise_count(words[row + 1 :] ^ words[row])
        distance[row, row + 1 :] = differing.sum(axis=1, dtype=np.int64)
    return distance + distance.T
