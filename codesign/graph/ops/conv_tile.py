"""A pointwise convolution and the requantization of its sums as one block, whose weights come from memory.

It computes what the two compute one behind the other. `schedule/fusion.py` makes it of them where a schedule wants it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, freeze
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class ConvTile(Op):
    """y = clamp(round_half_even((sum_c weight_c * x_c + bias) * 2^-shift), lo, hi) at every pixel.

    weight: (C_out, C_in, 1, 1), bias: (C_out,) and weight_scale as of `Conv`; shift: (C_out,) or (1,), lo, hi and scale
    as of `Requant`.
    """

    kind: ClassVar[str] = "conv_tile"
    multiplies = "dense"
    category = "dense"
    weight: IntArray
    bias: IntArray
    weight_scale: tuple[float, ...]
    shift: IntArray
    lo: int
    hi: int
    scale: float

    def __post_init__(self) -> None:
        freeze(self, weight=np.int32, bias=np.int64, shift=np.int32)
        if not self.conv.pointwise:
            raise GraphError(f"a convolution in tiles of pixels is pointwise, got weights {self.weight.shape}")

    @classmethod
    def of(cls, conv: Conv, requant: Requant) -> ConvTile:
        """The two in one. Raises GraphError unless the convolution is pointwise."""
        if not conv.pointwise:
            raise GraphError("a convolution in tiles of pixels is pointwise, without stride or padding")
        weights = conv.weight, conv.bias, conv.weight_scale
        return cls(*weights, requant.shift, requant.lo, requant.hi, requant.scale)

    @cached_property
    def conv(self) -> Conv:
        """What gives the sums."""
        return Conv(self.weight, self.bias, self.weight_scale)

    @cached_property
    def requant(self) -> Requant:
        """What makes activations of the sums."""
        return Requant(self.shift, self.lo, self.hi, self.scale)

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        return self.requant.infer(*self.conv.infer(*inputs))

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return self.requant.execute(*self.conv.execute(*inputs))

    def macs(self, *inputs: TensorType) -> int:
        return self.conv.macs(*inputs)

    def multiplications(self, *inputs: TensorType) -> int:
        return self.conv.multiplications(*inputs)

    def sums(self, *inputs: TensorType) -> TensorType:
        """Type of the convolution's sums, which stay within the block."""
        return _sums(self.conv, inputs)

    def parameters(self) -> int:
        return self.conv.parameters()


@lru_cache(maxsize=256)
def _sums(conv: Conv, inputs: tuple[TensorType, ...]) -> TensorType:
    return conv.infer(*inputs)[0]
