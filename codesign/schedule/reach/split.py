"""Split: the channels of one output after those of another."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph import TensorType
from codesign.graph.ops.split import Split
from codesign.schedule.reach.base import Reach, element


def reach(op: Split, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]) -> Reach:
    return replace(element((inputs[0],)), parts=op.sizes)
