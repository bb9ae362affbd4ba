"""Requantization by a multiplier: from accumulators to activations at any other scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.graph.op import EXACT_FLOAT32, IntArray, Op, freeze, one_input, unit_step
from codesign.graph.types import HIGHEST, LOWEST, TensorType

MOST_SHIFT = 47
WIDEST = 1 << 52
"""What products and their sums with offsets stay below, brought to one shift: float64 holds them."""
WIDEST_SINGLE = 1 << 62
"""The same where products are those of float32, which no back end computes in float64."""
SINGLE_BITS = 24
"""Bits of a number in float32."""
LEAST_SINGLE_SHIFT = SINGLE_BITS + 1
"""With it, half of what float32 tells apart near 1/2 is an integer."""


@dataclass(frozen=True, eq=False)
class Rescale(Op):
    """y_c = clamp((multiplier_c * x_c + offset_c) >> shift_c, lo, hi), rounded down.

    multiplier, offset, shift: (C,) or (1,) integers each; a multiplier below zero makes a function that falls, shifts
    are 0 to 47. How the quantizer rounds and which zero point it adds is all in the offset.

    single: the product is rounded to float32 before, and halves go to the even one, as float32 kernels of integer
    networks do it: rint(float32(x_c * multiplier_c / 2^shift_c)). Then multipliers are positive and have 24 bits before
    their zeros, offsets are 2^(shift - 1), shifts at least 25, and x has at most 24 bits.
    """

    kind: ClassVar[str] = "rescale"
    quantizes: ClassVar[bool] = True
    multiplier: IntArray
    offset: IntArray
    shift: IntArray
    lo: int
    hi: int
    scale: float
    single: bool = False

    def __post_init__(self) -> None:
        freeze(self, multiplier=np.int64, offset=np.int64, shift=np.int32)
        for name, values in self._rows.items():
            if values.ndim != 1:
                raise GraphError(f"{name} are (C,) or (1,), got {values.shape}")
        if self.shift.size and not 0 <= self.shift.min() <= self.shift.max() <= MOST_SHIFT:
            raise GraphError(f"shifts are 0 to {MOST_SHIFT}, got {self.shift.min()} to {self.shift.max()}")
        if self.lo > self.hi:
            raise GraphError(f"empty range [{self.lo}, {self.hi}]")
        if self.single:
            self._check_single()

    @classmethod
    def of_float32(cls, factors: NDArray[np.float32], lo: int, hi: int, scale: float) -> Rescale:
        """y_c = clamp(rint(float32(factors_c * x_c)), lo, hi). Raises GraphError for factors that are not positive, or
        less than 2^-23."""
        fraction, exponent = np.frexp(np.maximum(factors, 0).astype(np.float64))
        multiplier = np.ldexp(fraction, SINGLE_BITS).astype(np.int64)
        zeros = np.log2(np.maximum(multiplier & -multiplier, 1)).astype(np.int64)
        shift = np.maximum(SINGLE_BITS - exponent - zeros, LEAST_SINGLE_SHIFT)
        multiplier = np.ldexp(factors.astype(np.float64), shift).astype(np.int64)
        return cls(multiplier, np.int64(1) << (shift - 1), shift, lo, hi, scale, single=True)

    def _check_single(self) -> None:
        halves = np.int64(1) << np.maximum(self.shift.astype(np.int64) - 1, 0)
        exact = (self.factors.astype(np.float64) == self.multiplier * np.exp2(-self.shift.astype(np.float64))).all()
        if self.shift.min() < LEAST_SINGLE_SHIFT or self.multiplier.min() < 1 or not exact:
            raise GraphError("multipliers of float32 products are positive, of 24 bits, and shifts at least 25")
        if self.offset.shape != self.shift.shape or (self.offset != halves).any():
            raise GraphError("offsets of float32 products are half of what is dropped")

    @property
    def factors(self) -> NDArray[np.float32]:
        """multiplier / 2^shift of each channel, in float32."""
        found: NDArray[np.float32] = (self.multiplier * np.exp2(-self.shift.astype(np.float64))).astype(np.float32)
        return found

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
        if (largest * growth).max() >= (WIDEST_SINGLE if self.single else WIDEST):
            raise GraphError("products of more than 52 bits", remedy="use activations or sums of fewer bits")
        if self.single and x.magnitude >= EXACT_FLOAT32:
            raise GraphError("float32 does not hold all sums", remedy="use activations or sums of fewer bits")
        ends = np.array([x.lo, x.hi]).reshape(2, 1, 1, 1)
        (y,) = self.execute(np.broadcast_to(ends, (2, x.channels, 1, 1)).astype(np.int32))
        return (TensorType(x.shape, int(y.min()), int(y.max()), (self.scale,)),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        if self.single:
            real = np.rint(inputs[0].astype(np.float32) * self.factors[:, None, None])
            return (np.clip(real, self.lo, self.hi).astype(np.int32),)
        y = inputs[0] * self.multiplier[:, None, None]
        y += self.offset[:, None, None]
        y >>= self.shift[:, None, None]
        np.clip(y, self.lo, self.hi, out=y)
        return (y.astype(np.int32),)

    def thresholds(self, levels: IntArray) -> tuple[IntArray, IntArray]:
        """(C, K) and signs (C,): the lowest sign * x from which on y is at least each of the K levels.

        The levels ascend; y is what it is before the clamp. Where no x of 32 bits reaches one it is the highest, and so
        on.
        """
        multiplier, offset, shift = (values[:, None] for values in np.broadcast_arrays(*self._rows.values()))
        sign = np.where(multiplier < 0, -1, 1)
        lacking = (levels << shift.astype(np.int64)) - offset
        if self.single:
            lacking += self._single_delay(levels, shift.astype(np.int64))
        slope = np.abs(multiplier)
        never = np.where(lacking > 0, HIGHEST, LOWEST)
        found = np.where(slope == 0, never, -(-lacking // np.maximum(slope, 1)))
        return np.clip(found, LOWEST, HIGHEST), sign[:, 0]

    @staticmethod
    def _single_delay(levels: IntArray, shift: IntArray) -> IntArray:
        """By how much more than the exact product a level is reached: a product that near to a half becomes it.

        Then an even level is reached, and an odd one is not. float32 tells 2^(e - 23) apart from 2^e on.
        """
        size = np.where(levels > 0, levels - 1, -levels)
        exponent = np.frexp(size.astype(np.float64))[1] - 1  # of level - 1/2
        near = np.int64(1) << (exponent + shift - SINGLE_BITS)
        delay: IntArray = np.where(levels % 2 == 0, -near, near + 1)
        return delay
