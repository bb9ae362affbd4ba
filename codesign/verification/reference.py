"""What the integer graph makes of the images, computed once for all stages that compare with it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from math import prod
from threading import Lock

import numpy as np

from codesign.graph import Graph, IntArray, execute

MOST = 8
"""Images at a time, however small: a stage tells after each batch how far it is."""

BYTES_AT_A_TIME = 128 << 20
"""Size of all tensors of the images at a time."""

BYTES_KEPT = 512 << 20
"""Size of the tensors that are kept for the stages to come."""


def images_at_a_time(graph: Graph) -> int:
    """So many that all their tensors, as int32, fit in BYTES_AT_A_TIME; one at least."""
    return max(1, min(MOST, BYTES_AT_A_TIME // _bytes(graph)))


def _bytes(graph: Graph) -> int:
    """Size of all tensors of an image, as int32."""
    return 4 * sum(prod(kind.shape) for kind in graph.types.values())


class Reference:
    """The tensors that `graph` makes of `images` (N, C, H, W). May be asked by several threads."""

    def __init__(self, graph: Graph, images: IntArray) -> None:
        self.graph = graph
        self.images = images
        self._at_a_time = images_at_a_time(graph)
        self._most_kept = max(1, BYTES_KEPT // (_bytes(graph) * self._at_a_time))
        self._kept: OrderedDict[int, Mapping[str, IntArray]] = OrderedDict()
        self._lock = Lock()

    def given(self, numbers: Sequence[int]) -> dict[str, IntArray]:
        """The input for the images of those numbers, by name."""
        (source,) = self.graph.inputs
        return {source: self.images[list(numbers)]}

    def tensors(self, numbers: Sequence[int], names: Collection[str]) -> dict[str, IntArray]:
        """The tensors `names`, (n, C, H, W) int32, of the images of those numbers, in that order."""
        parts = [(self._batch(number // self._at_a_time), number % self._at_a_time) for number in numbers]
        return {name: np.stack([batch[name][place] for batch, place in parts]) for name in names}

    def _batch(self, index: int) -> Mapping[str, IntArray]:
        """All tensors of the images of one batch."""
        with self._lock:
            if index not in self._kept:
                first = index * self._at_a_time
                numbers = range(first, min(first + self._at_a_time, len(self.images)))
                self._kept[index] = execute(self.graph, self.given(numbers), keep=tuple(self.graph.types))
            self._kept.move_to_end(index)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
            return self._kept[index]
