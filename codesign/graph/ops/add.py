"""Sum of two tensors: the join of a residual connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import WIDEST_SUM, IntArray, Op, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Add(Op):
    """y = a + b, exact: both inputs share one scale, and the sum has a range of its own."""

    kind: ClassVar[str] = "add"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs, 2)
        first, second = inputs
        if first.shape != second.shape:
            raise GraphError(f"cannot add {first} and {second}: they differ in shape")
        if first.scale != second.scale or len(first.scale) != 1:
            raise GraphError(
                "the inputs of an addition have different scales",
                remedy="share one activation quantizer between the branches",
            )
        if first.magnitude + second.magnitude >= WIDEST_SUM:
            raise GraphError("the sum may exceed 32 bits", remedy="requantize first")
        return (TensorType(first.shape, first.lo + second.lo, first.hi + second.hi, first.scale),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (np.add(*inputs, dtype=np.int32),)
