"""Product with a gain of each place on the map: averages at a border need it, whose windows hold fewer pixels there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import WIDEST_SUM, IntArray, Op, freeze, one_input, unit_step
from codesign.graph.types import TensorType

MOST_BITS = 24
"""Bits of the input: it and a gain fit one DSP slice."""
MOST_GAIN = (1 << 16) - 1


@dataclass(frozen=True, eq=False)
class GainMap(Op):
    """y_c(p) = x_c(p) * rows(p_y) * columns(p_x), of scale x.scale / divisor.

    rows: (H,) and columns: (W,) integers from 1 on. Where x(p) is the sum of n(p) pixels and the gain divisor / n(p),
    y is the average of each window, exactly.
    """

    kind: ClassVar[str] = "gain_map"
    rows: IntArray
    columns: IntArray
    divisor: int = 1

    def __post_init__(self) -> None:
        freeze(self, rows=np.int32, columns=np.int32)
        if self.rows.ndim != 1 or self.columns.ndim != 1:
            raise GraphError(f"gains are (H,) and (W,), got {self.rows.shape} and {self.columns.shape}")
        if min(self.rows.min(initial=1), self.columns.min(initial=1)) < 1 or self.most > MOST_GAIN:
            raise GraphError(f"gains are from 1 to {MOST_GAIN}")
        if self.divisor < 1:
            raise GraphError(f"products cannot be divided by {self.divisor}")

    @property
    def least(self) -> int:
        """The smallest gain of all places."""
        return int(self.rows.min(initial=MOST_GAIN)) * int(self.columns.min(initial=MOST_GAIN))

    @property
    def most(self) -> int:
        """The largest gain of all places."""
        return int(self.rows.max(initial=1)) * int(self.columns.max(initial=1))

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        unit_step(self, x)
        if x.shape[1:] != (self.rows.size, self.columns.size):
            raise GraphError(f"gains of {self.rows.size}x{self.columns.size} places do not fit {x}")
        if x.bits > MOST_BITS:
            raise GraphError(
                f"multiplies sums of {x.bits} bits, {MOST_BITS} are supported", remedy="put a quantizer before it"
            )
        ends = [end * gain for end in (x.lo, x.hi) for gain in (self.least, self.most)]
        if max(map(abs, ends)) >= WIDEST_SUM:
            raise GraphError(
                "products with the gains of places may exceed 32 bits",
                remedy="use fewer activation bits, or smaller windows",
            )
        return (TensorType(x.shape, min(ends), max(ends), tuple(s / self.divisor for s in x.scale)),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (inputs[0] * (self.rows[:, None] * self.columns),)
