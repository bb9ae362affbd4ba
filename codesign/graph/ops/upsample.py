"""Nearest-neighbour upsampling by an integer factor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Upsample(Op):
    """y(y, x) = x(y // factor, x // factor)."""

    kind: ClassVar[str] = "upsample"
    factor: int = 2

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise GraphError(f"upsampling factor {self.factor} is not a positive integer")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        shape = (x.channels, x.height * self.factor, x.width * self.factor)
        return (replace(x, shape=shape),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (inputs[0].repeat(self.factor, axis=2).repeat(self.factor, axis=3),)
