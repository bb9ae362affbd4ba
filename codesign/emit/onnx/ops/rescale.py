"""Mul, Add, Floor and Clip in float64, which holds every product; where products are those of float32, in that."""

from __future__ import annotations

from typing import cast

import numpy as np
import onnx

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Node
from codesign.graph.ops.rescale import Rescale


def emit(builder: OnnxBuilder, node: Node) -> None:
    """The integers times multiplier * 2^-shift, plus offset * 2^-shift: dyadic fractions of at most 52 bits."""
    op, name = cast(Rescale, node.op), node.name
    if op.single:
        _emit_single(builder, node, op)
        return
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    part = np.exp2(-op.shift.astype(np.float64))
    constants = {
        "factor": (op.multiplier * part / np.array(carried(x).scale))[:, None, None],
        "offset": (op.offset * part)[:, None, None],
        "lo": np.array(float(op.lo)),
        "hi": np.array(float(op.hi)),
    }
    given = {key: builder.constant(f"{name}/{key}", values) for key, values in constants.items()}
    real = builder.add("Cast", builder.sources(node), f"{name}/double", to=onnx.TensorProto.DOUBLE)
    product = builder.add("Mul", [real, given["factor"]], f"{name}/product")
    floor = builder.add("Floor", [builder.add("Add", [product, given["offset"]], f"{name}/sum")], f"{name}/floor")
    clipped = builder.add("Clip", [floor, given["lo"], given["hi"]], f"{name}/clipped")
    single = builder.add("Cast", [clipped], f"{name}/single", to=onnx.TensorProto.FLOAT)
    builder.add("Mul", [single, builder.floats(f"{name}/scale", carried(y).scale[0])], name)


def _emit_single(builder: OnnxBuilder, node: Node, op: Rescale) -> None:
    name = node.name
    (x,), (y,) = builder.graph.input_types(node), builder.graph.output_types(node)
    real = builder.add("Cast", builder.sources(node), f"{name}/float", to=onnx.TensorProto.FLOAT)
    factor = builder.floats(f"{name}/factor", (op.factors / np.array(carried(x).scale, np.float32))[:, None, None])
    bounds = [builder.floats(f"{name}/{key}", value) for key, value in (("lo", op.lo), ("hi", op.hi))]
    rounded = builder.add("Round", [builder.add("Mul", [real, factor], f"{name}/product")], f"{name}/rounded")
    clipped = builder.add("Clip", [rounded, *bounds], f"{name}/clipped")
    builder.add("Mul", [clipped, builder.floats(f"{name}/scale", carried(y).scale[0])], name)
