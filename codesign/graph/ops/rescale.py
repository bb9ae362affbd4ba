"""Requantization by a multiplier: from accumulators to activations at any other scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, freeze, one_input, unit_step
from codesign.graph.types import HIGHEST, LOWEST, TensorType

MOST_SHIFT = 47
WIDEST = 1 << 52
"""What products and their sums with offsets stay below, brought to one shift: float64 holds them."""


@dataclass(frozen=True, eq=False)
class Rescale(Op):
    """y_c = clamp((multiplier_c * x_c + offset_c) >> shift_c, lo, hi), rounded down.

    multiplier, offset, shift: (C,) or (1,) integers each; a multiplier below zero makes a function that falls, shifts
    are 0 to 47. How the quantizer rounds and which zero point it adds is all in the offset.
    """

    kind: ClassVar[str] = "rescale"
    quantizes: ClassVar[bool] = True
    multiplier: IntArray
    offset: IntArray
    shift: IntArray
    lo: int
    hi: int
    scale: float

    def __post_init__(self) -> None:
        freeze(self, multiplier=np.int64, offset=np.int64, shift=np.int32)
        for name, values in self._rows.items():
            if values.ndim != 1:
                raise GraphError(f"{name} are (C,) or (1,), got {values.shape}")
        if self.shift.size and not 0 <= self.shift.min() <= self.shift.max() <= MOST_SHIFT:
            raise GraphError(f"shifts are 0 to {MOST_SHIFT}, got {self.shift.min()} to {self.shift.max()}")
        if self.lo > self.hi:
            raise GraphError(f"empty range [{self.lo}, {self.hi}]")

    @property
    def _rows(self) -> dict[str, IntArray]:
        return {"multipliers": self.multiplier, "offsets": self.offset, "shifts": self.shift}

    @property
    def aligned(self) -> tuple[IntArray, IntArray, int]:
        """Multipliers and offsets, (C,) or (1,) each, that do the same with one shift, which is the third."""
        shift = int(self.shift.max())
        more = shift - self.shift.astype(np.int64)
        return self.multiplier << more, self.offset << more, shift

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        unit_step(self, x)
        for name, values in self._rows.items():
            if values.size not in (1, x.channels):
                raise GraphError(f"{values.size} {name} for {x.channels} channels")
        growth = np.exp2(int(self.shift.max()) - self.shift.astype(np.float64))
        largest = np.abs(self.multiplier.astype(np.float64)) * x.magnitude + np.abs(self.offset.astype(np.float64))
        if (largest * growth).max() >= WIDEST:
            raise GraphError("products of more than 52 bits", remedy="use activations or sums of fewer bits")
        ends = np.array([x.lo, x.hi]).reshape(2, 1, 1, 1)
        (y,) = self.execute(np.broadcast_to(ends, (2, x.channels, 1, 1)).astype(np.int32))
        return (TensorType(x.shape, int(y.min()), int(y.max()), (self.scale,)),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        y = inputs[0] * self.multiplier[:, None, None]
        y += self.offset[:, None, None]
        y >>= self.shift[:, None, None]
        np.clip(y, self.lo, self.hi, out=y)
        return (y.astype(np.int32),)

    def thresholds(self, levels: IntArray) -> tuple[IntArray, IntArray]:
        """(C, K) and signs (C,): the lowest sign * x from which on y is at least each of the K levels.

        The levels ascend; y is what it is before the clamp. Where no x of 32 bits reaches one it is the highest, and so on.
        """
        multiplier, offset, shift = (values[:, None] for values in np.broadcast_arrays(*self._rows.values()))
        sign = np.where(multiplier < 0, -1, 1)
        lacking = (levels << shift.astype(np.int64)) - offset
        slope = np.abs(multiplier)
        never = np.where(lacking > 0, HIGHEST, LOWEST)
        found = np.where(slope == 0, never, -(-lacking // np.maximum(slope, 1)))
        return np.clip(found, LOWEST, HIGHEST), sign[:, 0]
