"""Spanning trees of a complete graph given by its matrix of integer costs: least cost first, then few levels.

The least cost is exact. Among the trees of least cost the one of least depth is a hard problem; here, and where the
depth is bounded (hard too), the tree is a heuristic's: Prim's algorithm grown from the centre, ties broken towards the
root, then edges exchanged as long as one can be for another that is better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codesign.errors import ScheduleError

IntArray = NDArray[np.int64]

ROUNDS = 4
"""How often a tree is grown anew from the centre of the last one, at most."""
ROOTS = 4
"""How many roots are tried where the depth is bounded."""


def spanning_tree(cost: IntArray, max_depth: int | None = None, root: int | None = None) -> IntArray:
    """Parent of every vertex, int64 (V,); the root's is -1.

    cost: symmetric, (V, V). Without max_depth, the edges' total is the least there is. max_depth: most edges between
    the root and a vertex. root: given, or the tree's centre. Raises ScheduleError if max_depth leaves out vertices.
    """
    if max_depth is None:
        return _least_cost(cost, root)
    if max_depth < (len(cost) > 1):
        raise ScheduleError(f"{len(cost)} channels do not fit a tree of depth {max_depth}", remedy="allow a depth of 1")
    free = _least_cost(cost, root)
    if levels(free).max() <= max_depth:
        return free
    nearest = np.argsort(cost.sum(axis=1), kind="stable")[:ROOTS]
    roots = [root] if root is not None else [*dict.fromkeys([int(np.flatnonzero(free < 0)[0]), *map(int, nearest)])]
    trees = [_exchange(_prim(cost, start, max_depth), cost, max_depth) for start in roots]
    return min(trees, key=lambda parent: (total(parent, cost), levels(parent).max()))


def total(parent: IntArray, cost: IntArray) -> int:
    """Sum of the edges' costs."""
    child = np.flatnonzero(parent >= 0)
    return int(cost[child, parent[child]].sum())


def levels(parent: IntArray) -> IntArray:
    """Number of edges from every vertex to the root."""
    level = np.zeros(len(parent), np.int64)
    above = parent.copy()
    while (inside := above >= 0).any():
        level += inside
        above = np.where(inside, parent[above], -1)
    return level


def top_down(parent: IntArray) -> IntArray:
    """The vertices, each after its parent."""
    return np.argsort(levels(parent), kind="stable")


def rooted_at_centre(parent: IntArray) -> IntArray:
    """The same edges from the root that makes the depth least: the middle of a longest path."""
    first = int(np.argmax(levels(parent)))
    turned = rerooted(parent, first)
    level = levels(turned)
    vertex = int(np.argmax(level))
    for _ in range(int(level[vertex]) // 2):
        vertex = int(turned[vertex])
    return rerooted(parent, vertex)


def rerooted(parent: IntArray, root: int) -> IntArray:
    """The same edges with another root: those on the way to the old one turn around."""
    turned = parent.copy()
    vertex, below = root, -1
    while vertex >= 0:
        above = int(parent[vertex])
        turned[vertex] = below
        vertex, below = above, vertex
    return turned


def _least_cost(cost: IntArray, root: int | None) -> IntArray:
    start = root if root is not None else int(np.argmin(cost.sum(axis=1)))
    best = _settle(_prim(cost, start), cost, root)
    for _ in range(ROUNDS - 1):
        if root is not None:
            break
        again = _settle(_prim(cost, int(np.flatnonzero(best < 0)[0])), cost, root)
        if levels(again).max() >= levels(best).max():
            break
        best = again
    return best


def _settle(parent: IntArray, cost: IntArray, root: int | None) -> IntArray:
    """Exchanges edges of equal cost, and moves the root to the centre unless it is given, until neither helps."""
    depth = levels(parent).max()
    while True:
        parent = _exchange(parent, cost, None)
        if root is None:
            parent = rooted_at_centre(parent)
        if levels(parent).max() >= depth:
            return parent
        depth = levels(parent).max()


def _prim(cost: IntArray, root: int, max_depth: int | None = None) -> IntArray:
    """Prim's tree from `root`; of equal costs, the one that gives the lower level. None goes deeper than max_depth."""
    size = len(cost)
    never = np.iinfo(np.int64).max
    parent = np.full(size, -1, np.int64)
    level = np.zeros(size, np.int64)
    # One key orders by cost, then by level: the level of the parent, to which an edge would lead, is below `size`.
    key = np.full(size, never)
    key[root] = 0
    outside = np.ones(size, bool)
    for _ in range(size):
        vertex = int(np.argmin(np.where(outside, key, never)))
        outside[vertex] = False
        if parent[vertex] >= 0:
            level[vertex] = level[parent[vertex]] + 1
        if max_depth is not None and level[vertex] >= max_depth:
            continue
        offered = cost[vertex] * size + level[vertex]
        nearer = outside & (offered < key)
        key[nearer] = offered[nearer]
        parent[nearer] = vertex
    return parent


def _exchange(parent: IntArray, cost: IntArray, max_depth: int | None) -> IntArray:
    """Hangs vertices elsewhere, with all below them, until no single move helps.

    A move helps if it costs less, or as much and brings the vertex to a lower level; none leads beyond max_depth. In a
    tree of least cost, only moves of equal cost are left.
    """
    parent = parent.copy()
    size = len(parent)
    limit = size if max_depth is None else max_depth
    moved = True
    while moved:
        moved = False
        level = levels(parent)
        height = _heights(parent, level)
        for vertex in np.argsort(-level, kind="stable"):
            old = int(parent[vertex])
            if old < 0:
                continue
            key = cost[vertex] * size + level
            better = (key < key[old]) & (level + 1 + height[vertex] <= limit)
            if not better.any():
                continue
            below = _subtree(parent, int(vertex))
            better &= ~below
            if better.any():
                new = int(np.argmin(np.where(better, key, np.iinfo(np.int64).max)))
                parent[vertex] = new
                level[below] += level[new] + 1 - level[vertex]
                height = _heights(parent, level)
                moved = True
    return parent


def _heights(parent: IntArray, level: IntArray) -> IntArray:
    """Number of edges from every vertex down to the deepest one below it."""
    deepest = level.copy()
    for depth in range(int(level.max()), 0, -1):
        here = np.flatnonzero(level == depth)
        np.maximum.at(deepest, parent[here], deepest[here])
    return deepest - level


def _subtree(parent: IntArray, vertex: int) -> NDArray[np.bool_]:
    """Which vertices are `vertex` or below it."""
    jump = np.where(np.arange(len(parent)) == vertex, vertex, parent)
    while True:
        further = np.where(jump >= 0, jump[jump], -1)
        if np.array_equal(further, jump):
            inside: NDArray[np.bool_] = jump == vertex
            return inside
        jump = further
