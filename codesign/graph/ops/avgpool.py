"""Global average pooling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import WIDEST_SUM, IntArray, Op, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class AvgPool(Op):
    """y_c = sum_p x_c(p) over the whole map, as a (C, 1, 1) sum of scale x.scale / divisor.

    The average where `divisor` is H * W. Dividing is a matter of the scale alone: by a power of two it is a shift for
    the next quantizer, by another number that needs thresholds.
    """

    kind: ClassVar[str] = "avgpool"
    divisor: int

    def __post_init__(self) -> None:
        if self.divisor < 1:
            raise GraphError(f"a sum cannot be divided by {self.divisor}")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if x.magnitude * x.pixels >= WIDEST_SUM:
            raise GraphError(
                f"the sum of {x.pixels} pixels may exceed 32 bits",
                remedy="use fewer activation bits, or pool before",
            )
        scale = tuple(s / self.divisor for s in x.scale)
        return (TensorType((x.channels, 1, 1), x.lo * x.pixels, x.hi * x.pixels, scale),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (inputs[0].sum(axis=(2, 3), keepdims=True, dtype="int32"),)
