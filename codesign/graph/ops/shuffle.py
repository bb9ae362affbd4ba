"""Channel shuffle (ShuffleNet, Zhang et al., CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Shuffle(Op):
    """(C) seen as (groups, C / groups), transposed: output channel i is input channel (i % g) * C/g + i // g."""

    kind: ClassVar[str] = "shuffle"
    groups: int

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs)
        (x,) = inputs
        if self.groups < 1 or x.channels % self.groups:
            raise GraphError(f"cannot shuffle {x.channels} channels in {self.groups} groups")
        if len(x.scale) == 1:
            return (x,)
        scales = np.array(x.scale).reshape(self.groups, -1).T
        return (replace(x, scale=tuple(scales.reshape(-1).tolist())),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        (x,) = inputs
        n, channels, height, width = x.shape
        grouped = x.reshape(n, self.groups, channels // self.groups, height, width)
        return (grouped.swapaxes(1, 2).reshape(x.shape),)
