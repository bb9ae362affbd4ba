"""Max-pooling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType
from codesign.graph.windows import Pads, Pair, output_size, reach_of, taps_within, window_max


@dataclass(frozen=True, eq=False)
class MaxPool(Op):
    """y_c(p) = max_k x_c(p * stride - pad + k * dilation); padded positions never win."""

    kind: ClassVar[str] = "maxpool"
    category = "select"
    kernel: Pair
    stride: Pair
    pads: Pads = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    def __post_init__(self) -> None:
        if min(self.dilation) < 1:
            raise GraphError(f"dilation {self.dilation} out of range")

    @property
    def reach(self) -> Pair:
        """(H, W) that a window spans."""
        return reach_of(self.kernel, self.dilation)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if max(self.pads[0], self.pads[2]) >= self.kernel[0] or max(self.pads[1], self.pads[3]) >= self.kernel[1]:
            raise GraphError(f"max-pool pads {self.pads} are not smaller than kernel {self.kernel}")
        results = output_size(x, self.reach, self.stride, self.pads)
        for axis, size in enumerate(x.shape[1:]):
            place = self.kernel[axis], self.stride[axis], self.pads[axis], self.dilation[axis]
            if not taps_within((0, size), results[axis], *place).all():
                raise GraphError(f"max-pool pads {self.pads} leave windows without a pixel for kernel {self.kernel}")
        return (replace(x, shape=(x.channels, *results)),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (window_max(inputs[0], self.kernel, self.stride, self.pads, self.dilation),)
