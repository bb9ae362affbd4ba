"""Fully connected layer as an instance of `linear`."""

from __future__ import annotations

from codesign.cost import linear as model
from codesign.cost.base import Folding
from codesign.emit.rtl import _mvu
from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.linear import Linear
from codesign.graph.types import TensorType


def block(
    name: str, op: Linear, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    (x,), (y,) = inputs, outputs
    unit = model.unit(op, inputs, outputs, folding)
    return Block(
        "linear",
        {"STEPS": unit.steps, **_mvu.parameters(name, unit)},
        (Port.of(x.plain, folding.simd),),
        (Port.of(y, unit.out_lanes),),
        _mvu.memories(name, unit),
    )
