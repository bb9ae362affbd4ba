"""Fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, freeze, one_input
from codesign.graph.types import TensorType
from codesign.graph.windows import accumulator_type, exact_dtype


@dataclass(frozen=True, eq=False)
class Linear(Op):
    """y = weight @ flatten(x) + bias, as (K, 1, 1) accumulators; x is flattened in (C, H, W) order.

    weight: (K, C * H * W) integers; bias: (K,) at the accumulator's scale; weight_scale: one, or one per output.
    """

    kind: ClassVar[str] = "linear"
    multiplies = "dense"
    category = "dense"
    weight: IntArray
    bias: IntArray
    weight_scale: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        freeze(self, weight=np.int32, bias=np.int64)
        if self.weight.ndim != 2:
            raise GraphError(f"fully connected weights are (outputs, inputs), got {self.weight.shape}")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if x.channels * x.pixels != self.weight.shape[1]:
            raise GraphError(f"weights for {self.weight.shape[1]} inputs, input has {x.channels * x.pixels}")
        shape = (self.weight.shape[0], 1, 1)
        return (accumulator_type(x, self.weight, self.bias, self.weight_scale, shape, self.kind),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        dtype = exact_dtype(inputs[0], self.weight, self.bias)
        flat = inputs[0].reshape(inputs[0].shape[0], -1).astype(dtype)
        out = flat @ self.weight.T.astype(dtype) + self.bias.astype(dtype)
        return (out.astype(np.int32)[:, :, None, None],)

    def macs(self, *inputs: TensorType) -> int:
        return self.weight.size

    def parameters(self) -> int:
        return self.weight.size + self.bias.size
