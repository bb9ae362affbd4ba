"""The instance of `depth_to_space.sv`."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.emit.rtl.base import Block, Port
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding, beats
from codesign.hardware.ops.depth_to_space import depth, rows, run


def block(
    name: str, op: DepthToSpace, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding
) -> Block:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    first, more = depth(op, x, folding)
    parameters = {
        "ROWS": op.block[0],
        "RUN": run(op, x, folding),
        "PIXELS": x.width,
        "LINES": x.height,
        "CROP_ROWS": op.crop[0],
        "CROP_BEATS": op.crop[1] * beats(y.channels, lanes),
        "WIDTH": lanes * x.bits,
        "DEPTH": first,
        "MORE": more,
        "BLOCK": sum((row.memory == "block") << i for i, row in enumerate(rows(op, x, folding))),
    }
    return Block("depth_to_space", parameters, (Port.of(x, lanes),), (Port.of(y, lanes),))
