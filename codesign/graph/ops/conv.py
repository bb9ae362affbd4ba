"""Dense convolution; pointwise where the kernel is 1x1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import IntArray
from codesign.graph.windows import Convolution, dense


@dataclass(frozen=True, eq=False)
class Conv(Convolution):
    """y = sum_k weight_k * x(p * stride - pad + k) + bias, zero outside; y are accumulators.

    weight: (C_out, C_in, kH, kW) integers; bias: (C_out,) at the accumulator's scale, `x.scale * weight_scale`;
    weight_scale: one, or one per output channel.
    """

    kind: ClassVar[str] = "conv"
    multiplies = "dense"
    category = "dense"

    def check_channels(self, channels: int) -> None:
        if channels != self.weight.shape[1]:
            raise GraphError(f"weights for {self.weight.shape[1]} input channels, input has {channels}")

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (dense(inputs[0], self.weight, self.bias, self.stride, self.pads),)
