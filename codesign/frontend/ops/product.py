"""Mul: by a constant, of two functions of the same integers, and of two quantized tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.meeting import meeting
from codesign.frontend.ops.affine import sizes, with_constant
from codesign.frontend.reader import Reader
from codesign.frontend.spreading import spread
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
    first, second = (importer.quantized(node, index, ("map", "flat", "expanded")) for index in (0, 1))
    if (first.layout == "flat") != (second.layout == "flat"):
        raise GraphError("multiplies a map and a vector", remedy="reshape the one to the other's shape")
    if first.layout == "flat":
        return importer.emit(Mul(), [first, second], node, "flat")
    shape = sizes(importer, node)
    if importer.type(first).shape != shape:
        first, second = second, first
    return importer.emit(Mul(), [spread(importer.builder, first, shape, node), second], node)


READERS = (Reader("Mul", read_mul, versions=(7, 13, 14), inputs=range(2, 3)),)
