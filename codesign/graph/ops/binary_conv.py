"""Binary convolution: weights and inputs are -1 or +1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import EXACT_FLOAT32, IntArray, Op, freeze, one_input
from codesign.graph.types import TensorType
from codesign.graph.windows import Filters, Pads, Pair, dense, output_size

OUTSIDE = -1
"""Value of the pixels around a map: zero is no binary value."""


@dataclass(frozen=True, eq=False)
class BinaryConv(Filters, Op):
    """y = sum_k weight_k * x(p * stride - pad + k), x being -1 outside; y are accumulators.

    weight: (C_out, C_in, kH, kW) of -1 and +1; weight_scale: one, or one per output channel. x is a bipolar tensor.
    Over n = C_in kH kW inputs y is 2 P - n, P being the number of those that equal their weight.
    """

    kind: ClassVar[str] = "binary_conv"
    category = "dense"
    weight: IntArray
    weight_scale: tuple[float, ...] = (1.0,)
    stride: Pair = (1, 1)
    pads: Pads = (0, 0, 0, 0)

    def __post_init__(self) -> None:
        freeze(self, weight=np.int8)
        self.check_filters()
        if (np.abs(self.weight) != 1).any():
            raise GraphError("binary weights are -1 or +1")

    @property
    def inputs(self) -> int:
        """Inputs of an output pixel's channel."""
        return int(self.weight[0].size)

    @property
    def matrix(self) -> IntArray:
        """(C_out, n) in the order of the hardware's windows: (ky, kx, c)."""
        found: IntArray = self.weight.transpose(0, 2, 3, 1).reshape(self.weight.shape[0], -1)
        return found

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if (x.lo, x.hi, x.step) != (-1, 1, 2):
            raise GraphError("binary weights need an input of -1 and +1", remedy="put a bipolar quantizer before it")
        if x.channels != self.weight.shape[1]:
            raise GraphError(f"weights for {self.weight.shape[1]} input channels, input has {x.channels}")
        if len(x.scale) != 1:
            raise GraphError("a binary convolution needs one scale for its whole input, got one per channel")
        if len(self.weight_scale) not in (1, self.weight.shape[0]):
            raise GraphError(f"{len(self.weight_scale)} weight scales for {self.weight.shape[0]} output channels")
        if self.inputs >= EXACT_FLOAT32:
            raise GraphError(f"a sum over {self.inputs} inputs is beyond the exact range of float32 (2^24)")
        shape = (self.weight.shape[0], *output_size(x, self.kernel, self.stride, self.pads))
        return (TensorType(shape, -self.inputs, self.inputs, tuple(x.scale[0] * s for s in self.weight_scale)),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        (x,) = inputs
        top, left, bottom, right = self.pads
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=OUTSIDE)
        zeros = np.zeros(self.weight.shape[0], np.int64)
        return (dense(x, self.weight, zeros, self.stride, (0, 0, 0, 0)),)

    def macs(self, *inputs: TensorType) -> int:
        return self.products(inputs[0])

    def multiplications(self, *inputs: TensorType) -> int:
        """None: a product is an XNOR."""
        return 0

    def parameters(self) -> int:
        return int(self.weight.size)
