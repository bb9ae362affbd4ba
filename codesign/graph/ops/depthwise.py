"""Depthwise convolution: one k x k filter per channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import IntArray
from codesign.graph.windows import Convolution, per_channel


@dataclass(frozen=True, eq=False)
class Depthwise(Convolution):
    """y_c = sum_k weight_ck * x_c(p * stride - pad + k) + bias_c, zero outside; y are accumulators.

    weight: (C, 1, kH, kW) integers; bias: (C,) at the accumulator's scale; weight_scale: one, or one per channel.
    """

    kind: ClassVar[str] = "depthwise"
    multiplies = "grouped"
    category = "depthwise"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight.shape[1] != 1:
            raise GraphError(f"depthwise weights are (C, 1, kH, kW), got {self.weight.shape}")

    def check_channels(self, channels: int) -> None:
        if channels != self.weight.shape[0]:
            raise GraphError(f"weights for {self.weight.shape[0]} channels, input has {channels}")

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (per_channel(inputs[0], self.weight, self.bias, self.stride, self.pads),)
