"""Two halves whose channels take turns: a concatenation, then a shuffle in two groups (Ma et al., ECCV 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op, one_input
from codesign.graph.ops.concat import Concat
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Interleave(Op):
    """Output channel 2 i is channel i of the first input, 2 i + 1 that of the second; both share one scale."""

    kind: ClassVar[str] = "interleave"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        one_input(self, inputs, 2)
        first, second = inputs
        if first.channels != second.channels:
            raise GraphError(f"cannot interleave {first.channels} with {second.channels} channels")
        return Concat().infer(first, second)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        n, channels, height, width = inputs[0].shape
        return (np.stack(inputs, axis=2).reshape(n, 2 * channels, height, width),)
