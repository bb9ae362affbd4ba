"""Square integer deformable depthwise convolution (CoDeNet, Huang et al., FPGA 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import EXACT_FLOAT32, IntArray, Op, freeze, one_input
from codesign.graph.types import TensorType
from codesign.graph.windows import accumulator_type


@dataclass(frozen=True, eq=False)
class Deform(Op):
    """y_c(p) = sum_k weight_ck * x_c(p + s(p) * k) + bias_c over k in {-1, 0, 1}^2, zero outside; y are accumulators.

    Inputs: x (C, H, W), and the dilation s (1, H, W) with scale 1, whose range [lo, hi] bounds the displacement and
    with it the line buffer. s = 1 everywhere is the ordinary 3x3 depthwise convolution with padding 1; a negative s
    mirrors the kernel. weight: (C, 1, 3, 3); bias: (C,); weight_scale: one, or one per channel.
    """

    kind: ClassVar[str] = "deform"
    category = "deform"
    weight: IntArray
    bias: IntArray
    weight_scale: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        freeze(self, weight=np.int32, bias=np.int64)
        if self.weight.shape[1:] != (1, 3, 3):
            raise GraphError(f"square deformable weights are (C, 1, 3, 3), got {self.weight.shape}")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs, 2)
        x, s = inputs
        if x.channels != self.weight.shape[0]:
            raise GraphError(f"weights for {self.weight.shape[0]} channels, input has {x.channels}")
        if s.shape != (1, x.height, x.width) or s.scale != (1.0,):
            raise GraphError(
                f"the dilation must be (1, {x.height}, {x.width}) with scale 1, got {s.shape} with scale {s.scale}",
                remedy="quantize it to integers with scale 1",
            )
        return (accumulator_type(x, self.weight, self.bias, self.weight_scale, x.shape, self.kind, EXACT_FLOAT32),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        x, s = inputs[0].astype(np.int32), inputs[1].astype(np.int64)
        n, channels, height, width = x.shape
        bound = max(1, int(np.abs(s).max(initial=1)))
        padded = np.pad(x, ((0, 0), (0, 0), (bound, bound), (bound, bound)))
        flat = padded.reshape(n, channels, -1)
        row = width + 2 * bound
        centre = (np.arange(height)[:, None] + bound) * row + np.arange(width) + bound
        out = np.broadcast_to(self.bias.astype(np.int32)[:, None, None], x.shape).copy()
        for ky in range(3):
            for kx in range(3):
                index = centre + s[:, 0] * ((ky - 1) * row + kx - 1)
                tap = self.weight[:, 0, ky, kx].astype(np.int32)[:, None, None]
                for image in range(n):
                    out[image] += tap * np.take(flat[image], index[image], axis=1)
        return (out,)

    def macs(self, *inputs: TensorType) -> int:
        return self.weight.size * inputs[0].pixels

    def parameters(self) -> int:
        return self.weight.size + self.bias.size
