"""Product of two tensors, value by value: gates, and the scaling of channels by squeeze-and-excitation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import WIDEST_SUM, IntArray, Op, one_input
from codesign.graph.types import TensorType

MOST_BITS = 16
"""Bits of a factor: both fit one DSP slice."""


@dataclass(frozen=True, eq=False)
class Mul(Op):
    """y = a * b, exact.

    b has the shape (C, H, W) of a; or it is (C, 1, 1), a value for each channel of the map; or (1, H, W), one for all
    channels of each pixel; or (1, 1, 1).
    """

    kind: ClassVar[str] = "mul"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs, 2)
        a, b = inputs
        if b.channels not in (1, a.channels) or b.shape[1:] not in ((1, 1), a.shape[1:]):
            raise GraphError(
                f"cannot multiply {a} by {b}, which has neither that shape nor one pixel nor one channel",
                remedy="multiply by a map, by a value a channel or by a value a pixel",
            )
        if max(a.plain.bits, b.plain.bits) > MOST_BITS:
            raise GraphError(
                f"multiplies integers of {a.plain.bits} and {b.plain.bits} bits, {MOST_BITS} are supported",
                remedy="put a quantizer before the product",
            )
        corners = [p * q for p in (a.lo, a.hi) for q in (b.lo, b.hi)]
        if max(map(abs, corners)) >= WIDEST_SUM:
            raise GraphError("the product may exceed 32 bits", remedy="put a quantizer before it")
        scale = tuple(float(s) for s in np.multiply(a.scale, b.scale))
        return (TensorType(a.shape, min(corners), max(corners), scale),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (np.multiply(*inputs, dtype=np.int32),)
