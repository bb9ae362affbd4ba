"""Max-pooling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType
from codesign.graph.windows import Pads, Pair, output_size, window_max


@dataclass(frozen=True, eq=False)
class MaxPool(Op):
    """y_c(p) = max_k x_c(p * stride - pad + k); padded positions never win."""

    kind: ClassVar[str] = "maxpool"
    category = "select"
    kernel: Pair
    stride: Pair
    pads: Pads = (0, 0, 0, 0)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if max(self.pads[0], self.pads[2]) >= self.kernel[0] or max(self.pads[1], self.pads[3]) >= self.kernel[1]:
            raise GraphError(f"max-pool pads {self.pads} leave windows without a pixel for kernel {self.kernel}")
        shape = (x.channels, *output_size(x, self.kernel, self.stride, self.pads))
        return (replace(x, shape=shape),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (window_max(inputs[0], self.kernel, self.stride, self.pads),)
