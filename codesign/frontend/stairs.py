"""Where a region that compares, and looks up what it compares with next, changes its result: proved, not sampled.

A comparison of what only rises, or falls, with a bound changes once, as long as the bound stays. So the range of the
integers is cut at the first comparison, each part at the next one, whose bound is constant there, and so on: in the end
nothing in the region changes within a part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.regions import ORDERINGS, Region, monotone

Integers = NDArray[np.int64]
MOST_PARTS = 1 << 22
"""Parts of all channels together."""


def parts(region: Region, elements: Callable[[Integers], NDArray[np.generic]], ends: Integers) -> Integers:
    """(K, C): the first integers of the parts in which the result is constant, ascending; some parts may be empty.

    elements: from integers (K, C) to the source's elements; ends: (2, C), the first and the last integer of each
    channel. Raises GraphError where comparisons alone do not say where the result changes.
    """
    rising, constant = monotone(region), set(region.constants)
    starts = ends[:1]
    for node in region.nodes:
        result, moving = node.output[0], [name for name in node.input if name and name not in constant]
        if not moving:
            constant.add(result)
        elif node.op_type in ORDERINGS and len(moving) == 1 and moving[0] in rising:
            run = region.function((result,))
            starts = _cut(starts, ends[1:], lambda q, run=run: run(elements(q))[1])  # type: ignore[misc]
            constant.add(result)
        elif result not in rising:
            raise GraphError(
                f"computes '{result}' from integers of many bits in a way that is no search among thresholds",
                remedy="put a quantizer of at most 10 bits before it",
            )
    if region.result not in constant:
        raise GraphError("has a result that follows its input, not its comparisons", remedy="round it")
    return starts


def _cut(starts: Integers, last: Integers, condition: Callable[[Integers], NDArray[np.generic]]) -> Integers:
    """The parts from `starts` (K, C) on, each cut where `condition` changes within it: (2K, C)."""
    if 2 * starts.size > MOST_PARTS:
        raise GraphError("compares with too many thresholds", remedy="use fewer, or fewer channels")
    beyond = np.concatenate([starts[1:], last + 1])
    first = condition(np.minimum(starts, last))
    low, high = starts, beyond
    while (low < high).any():
        middle = (low + high) // 2
        same = condition(np.minimum(middle, last)) == first
        open_ = low < high
        low, high = np.where(open_ & same, middle + 1, low), np.where(open_ & ~same, middle, high)
    return np.stack([starts, low], axis=1).reshape(-1, starts.shape[1])
