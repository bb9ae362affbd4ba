"""Requantization by thresholds: any monotone function from accumulators to activations, at any scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, freeze, one_input
from codesign.graph.types import TensorType

MOST_THRESHOLDS = 255
"""The most thresholds of a channel: those of activations of 8 bits."""


@dataclass(frozen=True, eq=False)
class Threshold(Op):
    """y_c = lo + step * sum_k (sign_c * x_c >= thresholds_ck).

    thresholds: (C, K) or (1, K) integers, ascending in each row, equal ones allowed; sign: (C,) or (1,) of +1, and -1
    where the function falls. A threshold beyond the range of x is always, or never, passed. lo = -1, step = 2 and K = 1
    make a bipolar tensor.
    """

    kind: ClassVar[str] = "threshold"
    quantizes: ClassVar[bool] = True
    thresholds: IntArray
    sign: IntArray
    lo: int
    scale: float
    step: int = 1

    def __post_init__(self) -> None:
        freeze(self, thresholds=np.int32, sign=np.int32)
        if self.thresholds.ndim != 2 or not 1 <= self.thresholds.shape[1] <= MOST_THRESHOLDS:
            raise GraphError(
                f"thresholds are (C, K) with K from 1 to {MOST_THRESHOLDS}, got {self.thresholds.shape}",
                remedy="use activations of at most 8 bits",
            )
        if (self.thresholds[:, 1:] < self.thresholds[:, :-1]).any():
            raise GraphError("the thresholds of a channel are not ascending")
        if self.sign.ndim != 1 or (np.abs(self.sign) != 1).any():
            raise GraphError(f"signs are (C,) or (1,) of +1 and -1, got {self.sign}")

    @property
    def steps(self) -> int:
        """Thresholds of a channel."""
        return int(self.thresholds.shape[1])

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        for name, rows in (("thresholds", self.thresholds), ("signs", self.sign)):
            if len(rows) not in (1, x.channels):
                raise GraphError(f"{name} of {len(rows)} channels, input has {x.channels}")
        return (TensorType(x.shape, self.lo, self.lo + self.step * self.steps, (self.scale,), self.step),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        (x,) = inputs
        y = np.empty(x.shape, np.int32)
        for channel in range(x.shape[1]):
            row = self.thresholds[channel if len(self.thresholds) > 1 else 0]
            sign = self.sign[channel if len(self.sign) > 1 else 0]
            y[:, channel] = np.searchsorted(row, x[:, channel] * sign, side="right")
        y *= self.step
        y += self.lo
        return (y,)
