"""Indices of the largest channels: the integer end of a classifier, and of a network that classifies every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType

MOST = 64
"""Indices of a pixel: they leave the hardware side by side."""


@dataclass(frozen=True, eq=False)
class TopK(Op):
    """y_i(p) = the index of the i-th largest channel of pixel p, for i from 0 to k - 1; of equal ones the lower first.

    That is the order of ONNX' ArgMax and TopK. The output is (k, H, W), of integers from 0 to C - 1 and scale 1.
    """

    kind: ClassVar[str] = "top_k"
    category = "select"
    k: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MOST:
            raise GraphError(f"the {self.k} largest of a pixel are not 1 to {MOST}")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if self.k > x.channels:
            raise GraphError(f"there are no {self.k} largest of {x.channels} channels")
        if len(set(x.scale)) > 1:
            raise GraphError("channels of different scales cannot be compared", remedy="use one scale for all")
        return (TensorType((self.k, *x.shape[1:]), 0, x.channels - 1),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        (x,) = inputs
        if self.k == 1:
            return (x.argmax(axis=1, keepdims=True).astype(np.int32),)
        order = np.argsort(-x.astype(np.int64), axis=1, kind="stable")
        return (order[:, : self.k].astype(np.int32),)
