"""Heat-map peaks: the integer end of a CenterNet head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input, unit_step
from codesign.graph.types import TensorType
from codesign.graph.windows import window_max


@dataclass(frozen=True, eq=False)
class Peak(Op):
    """y = x where x is the maximum of its 3x3 neighbourhood and x >= threshold, else `floor`.

    Equal neighbours are both peaks. `floor` marks "no peak" and lies below the threshold.
    """

    kind: ClassVar[str] = "peak"
    category = "select"
    threshold: int
    floor: int

    def __post_init__(self) -> None:
        if self.floor >= self.threshold:
            raise GraphError(f"peak floor {self.floor} is not below the threshold {self.threshold}")

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        unit_step(self, x)
        return (TensorType(x.shape, min(x.lo, self.floor), max(x.hi, self.floor), x.scale),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        (x,) = inputs
        highest = window_max(x, (3, 3), (1, 1), (1, 1, 1, 1))
        return (np.where((x == highest) & (x >= self.threshold), x, self.floor).astype(np.int32),)
