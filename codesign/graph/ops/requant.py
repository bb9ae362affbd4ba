"""Requantization by shifts: from accumulators to activations at another power-of-two scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, freeze, one_input, unit_step
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Requant(Op):
    """y = clamp(round_half_even(x * 2^-shift), lo, hi), the shift one per channel or one for all.

    shift: (C,) or (1,) integers, negative ones multiply; ReLU is `lo = 0`. The output has one scale, which must equal
    `x.scale * 2^shift` in every channel.
    """

    kind: ClassVar[str] = "requant"
    quantizes: ClassVar[bool] = True
    shift: IntArray
    lo: int
    hi: int
    scale: float

    def __post_init__(self) -> None:
        freeze(self, shift=np.int32)
        if self.shift.ndim != 1:
            raise GraphError(f"shifts are (C,) or (1,), got {self.shift.shape}")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        unit_step(self, x)
        if self.shift.size not in (1, x.channels):
            raise GraphError(f"{self.shift.size} shifts for {x.channels} channels")
        scaled = np.broadcast_to(np.array(x.scale), x.channels) * np.exp2(self.shift)
        if not np.all(scaled == self.scale):
            raise GraphError(
                "the shift does not lead from the input's scale to the output's",
                remedy="use power-of-two scales, or operator threshold",
            )
        corners = [self._scalar(bound, shift) for bound in (x.lo, x.hi) for shift in set(self.shift.tolist())]
        return (TensorType(x.shape, min(corners), max(corners), (self.scale,)),)

    def _scalar(self, value: int, shift: int) -> int:
        return int(np.clip(np.rint(np.ldexp(float(value), -shift)), self.lo, self.hi))

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        y = inputs[0] * np.exp2(-self.shift.astype(np.float64))[:, None, None]
        np.rint(y, out=y)
        np.clip(y, self.lo, self.hi, out=y)
        return (y.astype(np.int32),)
