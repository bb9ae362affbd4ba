"""Mul: by a constant, of two functions of the same integers, and of two quantized tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.meeting import meeting
from codesign.frontend.ops.affine import with_constant
from codesign.frontend.reader import Reader
from codesign.frontend.values import Activation, Constant
from codesign.graph.ops.lookup import MOST_VALUES
from codesign.graph.ops.mul import Mul


def _scaled(c: NDArray[Any], first: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    return c, np.zeros(1)


def read_mul(importer: Importer, node: onnx.NodeProto) -> Activation:
    """A scaled activation; a function of integers of few bits; or the product of two tensors, exact."""
    values = [importer.value(name) for name in node.input]
    if any(isinstance(value, Constant) for value in values):
        return with_constant(_scaled)(importer, node)
    met = meeting(importer, node)
    if met is not None:
        kind = importer.type(met)
        if kind.hi - kind.lo < MOST_VALUES or any(isinstance(v, Activation) and v.opaque for v in values):
            return met
    map_, other = _map_first(importer, node)
    first, second = (importer.quantized(node, index, ("map", "flat")) for index in (map_, other))
    if first.layout != second.layout:
        raise GraphError("multiplies a map and a vector", remedy="reshape the one to the other's shape")
    return importer.emit(Mul(), [first, second], node, first.layout)


def _map_first(importer: Importer, node: onnx.NodeProto) -> tuple[int, int]:
    """Places of the operand that has the result's shape, and of the other one. Raises GraphError if none has it."""
    shapes, result = [importer.shape(name) for name in node.input], importer.shape(node.output[0])
    if result not in shapes or len({len(shape) for shape in shapes}) > 1:
        raise GraphError(
            f"a Mul of {shapes[0]} and {shapes[1]} is not supported",
            remedy="multiply a map by one of its shape, by a value a channel or by a value a pixel",
        )
    return (0, 1) if shapes[0] == result else (1, 0)


READERS = (Reader("Mul", read_mul, versions=(7, 13, 14), inputs=range(2, 3)),)
