"""Split along the channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Split(Op):
    """Consecutive runs of channels, `sizes[i]` channels in output i."""

    kind: ClassVar[str] = "split"
    sizes: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if sum(self.sizes) != x.channels or min(self.sizes) < 1:
            raise GraphError(f"cannot split {x.channels} channels into {self.sizes}")
        if len(x.scale) != 1:
            raise GraphError("a split needs one scale for its whole input", remedy="requantize first")
        return tuple(replace(x, shape=(size, x.height, x.width)) for size in self.sizes)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        bounds = np.cumsum(self.sizes)[:-1].tolist()
        return tuple(np.split(inputs[0], bounds, axis=1))
