"""Dense convolution; pointwise where the kernel is 1x1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.ops._convolution import Pads, Pair, accumulator_type, dense, output_size
from codesign.graph.ops.base import IntArray, Op, freeze, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Conv(Op):
    """y = sum_k weight_k * x(p * stride - pad + k) + bias, zero outside; y are accumulators.

    weight: (C_out, C_in, kH, kW) integers; bias: (C_out,) at the accumulator's scale, `x.scale * weight_scale`;
    weight_scale: one, or one per output channel.
    """

    kind: ClassVar[str] = "conv"
    weight: IntArray
    bias: IntArray
    weight_scale: tuple[float, ...] = (1.0,)
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)

    def __post_init__(self) -> None:
        freeze(self, weight=np.int32, bias=np.int64)
        if self.weight.ndim != 4:
            raise GraphError(f"convolution weights are (C_out, C_in, kH, kW), got {self.weight.shape}")

    @property
    def kernel(self) -> Pair:
        return self.weight.shape[2], self.weight.shape[3]

    @property
    def pointwise(self) -> bool:
        """Whether every output pixel is made of the input pixel at its place alone."""
        return self.kernel == self.stride == (1, 1) and not any(self.pads)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if x.channels != self.weight.shape[1]:
            raise GraphError(f"weights for {self.weight.shape[1]} input channels, input has {x.channels}")
        shape = (self.weight.shape[0], *output_size(x, self.kernel, self.stride, self.pads))
        return (accumulator_type(x, self.weight, self.bias, self.weight_scale, shape, self.kind),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (dense(inputs[0], self.weight, self.bias, self.stride, self.pads),)

    def macs(self, *inputs: TensorType) -> int:
        oh, ow = output_size(inputs[0], self.kernel, self.stride, self.pads)
        return self.weight.size * oh * ow

    def parameters(self) -> int:
        return self.weight.size + self.bias.size
