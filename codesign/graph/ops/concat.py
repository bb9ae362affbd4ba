"""Concatenation along the channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from codesign.errors import GraphError
from codesign.graph.op import IntArray, Op
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Concat(Op):
    """The inputs' channels one after another; all inputs share one scale, so integers pass unchanged."""

    kind: ClassVar[str] = "concat"

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        if len(inputs) < 2:
            raise GraphError("a concatenation takes at least two inputs")
        if len({x.shape[1:] for x in inputs}) != 1:
            raise GraphError(f"cannot concatenate {', '.join(str(x) for x in inputs)}: the maps differ in size")
        if len({x.scale for x in inputs}) != 1 or len(inputs[0].scale) != 1:
            raise GraphError(
                "the inputs of a concatenation have different scales",
                remedy="share one activation quantizer between the branches",
            )
        steps = {(x.step, x.base) for x in inputs}
        if len(steps) != 1:
            raise GraphError("the inputs of a concatenation take different steps", remedy="quantize them alike")
        shape = (sum(x.channels for x in inputs), inputs[0].height, inputs[0].width)
        lo, hi = min(x.lo for x in inputs), max(x.hi for x in inputs)
        return (TensorType(shape, lo, hi, inputs[0].scale, inputs[0].step),)

    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        return (np.concatenate(inputs, axis=1),)
