"""Depthwise convolution: one k x k filter per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.ops._convolution import Pads, Pair, accumulator_type, output_size, per_channel
from codesign.graph.ops.base import IntArray, Op, freeze, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Depthwise(Op):
    """y_c = sum_k weight_ck * x_c(p * stride - pad + k) + bias_c, zero outside; y are accumulators.

    weight: (C, 1, kH, kW) integers; bias: (C,) at the accumulator's scale; weight_scale: one, or one per channel.
    """

    kind: ClassVar[str] = "depthwise"
    weight: IntArray
    bias: IntArray
    weight_scale: tuple[float, ...] = (1.0,)
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)

    def __post_init__(self) -> None:
        freeze(self, weight=np.int32, bias=np.int64)
        if self.weight.ndim != 4 or self.weight.shape[1] != 1:
            raise GraphError(f"depthwise weights are (C, 1, kH, kW), got {self.weight.shape}")

    @property
    def kernel(self) -> Pair:
        return self.weight.shape[2], self.weight.shape[3]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if x.channels != self.weight.shape[0]:
            raise GraphError(f"weights for {self.weight.shape[0]} channels, input has {x.channels}")
        shape = (x.channels, *output_size(x, self.kernel, self.stride, self.pads))
        return (accumulator_type(x, self.weight, self.bias, self.weight_scale, shape, self.kind),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (per_channel(inputs[0], self.weight, self.bias, self.stride, self.pads),)

    def macs(self, *inputs: TensorType) -> int:
        oh, ow = output_size(inputs[0], self.kernel, self.stride, self.pads)
        return self.weight.size * oh * ow

    def parameters(self) -> int:
        return self.weight.size + self.bias.size
