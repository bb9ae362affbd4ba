"""Fully connected layer as an instance of `linear`."""

from __future__ import annotations

from codesign.emit.rtl import mvu
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.linear import Linear
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding
from codesign.hardware.ops import linear as built


def block(
    name: str, op: Linear, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,) = inputs, outputs
    unit = built.unit(op, inputs, outputs, folding)
    return Block(
        "linear",
        {"STEPS": unit.steps, **mvu.parameters(name, unit)},
        (Port.of(x.plain, folding.simd),),
        (Port.of(y, unit.out_lanes),),
        mvu.memories(name, unit),
    )
