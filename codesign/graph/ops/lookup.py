"""Any function of one value of few bits: its results, by value and channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, freeze, one_input, unit_step
from codesign.graph.types import TensorType

MOST_VALUES = 1 << 10
"""The most values of x: those of 10 bits."""


@dataclass(frozen=True, eq=False)
class Lookup(Op):
    """y_c = results_c,(x_c - first).

    results: (C, K) or (1, K) integers, K up to 1024, of x = first, first + 1, ...; x takes no other values.
    """

    kind: ClassVar[str] = "lookup"
    quantizes: ClassVar[bool] = True
    results: IntArray
    first: int
    scale: float

    def __post_init__(self) -> None:
        freeze(self, results=np.int32)
        if self.results.ndim != 2 or not 1 <= self.results.shape[1] <= MOST_VALUES:
            raise GraphError(
                f"tables are (C, K) with K from 1 to {MOST_VALUES}, got {self.results.shape}",
                remedy="use activations of at most 10 bits",
            )

    @property
    def last(self) -> int:
        """The largest x."""
        return self.first + int(self.results.shape[1]) - 1

    def within(self, x: TensorType) -> IntArray:
        """(C, K) or (1, K) results of the values of x, from the least to the largest."""
        return self.results[:, x.lo - self.first : x.hi - self.first + 1]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        unit_step(self, x)
        if x.lo < self.first or x.hi > self.last:
            raise GraphError(f"a table of {self.first} to {self.last} cannot take x from {x.lo} to {x.hi}")
        if len(self.results) not in (1, x.channels):
            raise GraphError(f"tables of {len(self.results)} channels, input has {x.channels}")
        results = self.within(x)
        return (TensorType(x.shape, int(results.min()), int(results.max()), (self.scale,)),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        places = inputs[0] - self.first
        if len(self.results) == 1:
            return (self.results[0][places],)
        return (self.results[np.arange(len(self.results))[:, None, None], places],)
