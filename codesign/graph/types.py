"""What a tensor of the integer graph holds: a range of integers, a shape and a scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError

Shape = tuple[int, int, int]
"""(C, H, W) of one frame; a vector of K features is (K, 1, 1)."""

LARGEST_SIDE = 1 << 16
LARGEST_TENSOR = 1 << 30
"""Values of one frame."""
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1
"""What the executor and the hardware's widest sums hold."""


def bits_for_range(lo: int, hi: int) -> int:
    """Bits of the narrowest integer type that holds every integer in [lo, hi].

    Two's complement when `lo` is negative, unsigned otherwise; at least 1.
    """
    if lo > hi:
        raise ValueError(f"empty range [{lo}, {hi}]")
    if lo >= 0:
        return max(1, hi.bit_length())
    return 1 + max((-lo - 1).bit_length(), hi.bit_length() if hi > 0 else 0)


@dataclass(frozen=True)
class TensorType:
    """Integers `q` = lo, lo + step, ..., hi, of shape (C, H, W); the real value is `q * scale`.

    `scale` has one entry, or one per channel. The hardware's width follows from the range alone, so a range
    that is known to be narrow gives narrow hardware. In hardware a stream carries q itself where step is 1, else the
    number of the step, `(q - lo) / step`: a bipolar tensor, lo = -1, hi = 1, step = 2, takes one bit, which is 1 for
    +1. What only moves or selects integers works on either alike, since their order is the same.
    """

    shape: Shape
    lo: int
    hi: int
    scale: tuple[float, ...] = (1.0,)
    step: int = 1

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise GraphError(f"shape {self.shape} is not (C, H, W) with positive sizes")
        if max(self.shape) > LARGEST_SIDE or prod(self.shape) > LARGEST_TENSOR:
            raise GraphError(f"shape {self.shape} is beyond {LARGEST_SIDE:,} a side and {LARGEST_TENSOR:,} values")
        if self.lo > self.hi:
            raise GraphError(f"empty integer range [{self.lo}, {self.hi}]")
        if self.lo < LOWEST or self.hi > HIGHEST:
            raise GraphError(f"the range [{self.lo}, {self.hi}] is beyond 32 bits")
        if self.step < 1 or (self.hi - self.lo) % self.step:
            raise GraphError(f"[{self.lo}, {self.hi}] is no number of steps of {self.step}")
        if len(self.scale) not in (1, self.shape[0]):
            raise GraphError(f"{len(self.scale)} scales for {self.shape[0]} channels", remedy="give one, or one each")
        if not all(0 < value < inf for value in self.scale):  # nan fails it too
            raise GraphError("a scale is no positive, finite number")

    @property
    def channels(self) -> int:
        return self.shape[0]

    @property
    def height(self) -> int:
        return self.shape[1]

    @property
    def width(self) -> int:
        return self.shape[2]

    @property
    def pixels(self) -> int:
        return self.shape[1] * self.shape[2]

    @property
    def signed(self) -> bool:
        """Whether the hardware carries a two's complement number."""
        return self.step == 1 and self.lo < 0

    @property
    def bits(self) -> int:
        """Width in hardware."""
        return bits_for_range(self.lo, self.hi) if self.step == 1 else bits_for_range(0, self.levels - 1)

    @property
    def levels(self) -> int:
        """How many different integers there are."""
        return (self.hi - self.lo) // self.step + 1

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    @property
    def plain(self) -> TensorType:
        """The same integers carried as they are, which is how arithmetic blocks take them."""
        return self if self.step == 1 else replace(self, step=1)

    @property
    def base(self) -> int:
        """The integer that the hardware carries as 0."""
        return 0 if self.step == 1 else self.lo

    def holds(self, q: NDArray[np.integer[Any]]) -> bool:
        """Whether all of `q` are integers of this type."""
        return not q.size or bool(q.min() >= self.lo and q.max() <= self.hi and not ((q - self.lo) % self.step).any())

    def __str__(self) -> str:
        sign = "int" if self.signed else "uint"
        return f"{sign}{self.bits}[{'x'.join(map(str, self.shape))}]"
