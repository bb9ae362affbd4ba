"""The heat-map peak test: where(x == maxpool3x3(x) and x >= threshold, x, floor)."""

from __future__ import annotations

import math
from typing import NoReturn

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import Reader
from codesign.frontend.values import Activation, Condition, Constant, integers
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.peak import Peak

_PATTERN = "where(x == maxpool3x3(x) and x >= threshold, x, floor)"


def read_equal(importer: Importer, node: onnx.NodeProto) -> Condition:
    """A map compared with its 3x3 maximum."""
    return _is_maximum(importer, node, (0, 1)) or _is_maximum(importer, node, (1, 0)) or _refuse(node)


def read_greater_or_equal(importer: Importer, node: onnx.NodeProto) -> Condition:
    """A map compared with a threshold, or with its own maximum."""
    if isinstance(importer.value(node.input[1]), Constant):
        return _above(importer, node, strict=False)
    return _is_maximum(importer, node, (0, 1)) or _refuse(node)


def read_greater(importer: Importer, node: onnx.NodeProto) -> Condition:
    """A map compared with a threshold that it must exceed."""
    return _above(importer, node, strict=True)


def read_and(importer: Importer, node: onnx.NodeProto) -> Condition:
    """Both conditions on the same map."""
    a, b = importer.value(node.input[0]), importer.value(node.input[1])
    if not isinstance(a, Condition) or not isinstance(b, Condition) or a.tensor != b.tensor:
        _refuse(node)
    thresholds = [c.threshold for c in (a, b) if c.threshold is not None]
    return Condition(a.tensor, a.maximum or b.maximum, max(thresholds, default=None))


def read_where(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The whole pattern becomes one block."""
    condition = importer.value(node.input[0])
    x, floor = importer.quantized(node, 1), importer.required(node, 2)
    if not isinstance(condition, Condition) or condition.tensor != x.tensor:
        _refuse(node)
    if not condition.maximum or condition.threshold is None:
        _refuse(node)
    scale = importer.type(x).scale[0]
    low = int(integers(np.array(Constant(floor).scalar), scale, "the value for no peak"))
    return importer.emit(Peak(condition.threshold, low), [x], node)


def _is_maximum(importer: Importer, node: onnx.NodeProto, order: tuple[int, int]) -> Condition | None:
    """The condition `x == maxpool3x3(x)`, if input order[1] is the maximum of input order[0]."""
    x, highest = (importer.quantized(node, index) for index in order)
    op = importer.builder.operator(highest.tensor)
    window = isinstance(op, MaxPool) and (op.kernel, op.reach, op.stride, op.pads) == ((3, 3), (3, 3), (1, 1), (1,) * 4)
    if window and importer.builder.operands(highest.tensor) == (x.tensor,):
        return Condition(x.tensor, maximum=True)
    return None


def _above(importer: Importer, node: onnx.NodeProto, strict: bool) -> Condition:
    x = importer.quantized(node)
    bound = Constant(importer.required(node, 1)).scalar / importer.type(x).scale[0]
    return Condition(x.tensor, threshold=math.floor(bound) + 1 if strict else math.ceil(bound))


def _refuse(node: onnx.NodeProto) -> NoReturn:
    raise GraphError(f"a {node.op_type} is only supported within {_PATTERN}")


READERS = (
    Reader("Equal", read_equal, versions=(7, 11, 13, 19), inputs=range(2, 3)),
    Reader("Greater", read_greater, versions=(7, 9, 13), inputs=range(2, 3)),
    Reader("GreaterOrEqual", read_greater_or_equal, versions=(12, 16), inputs=range(2, 3)),
    Reader("And", read_and, versions=(7,), inputs=range(2, 3)),
    Reader("Where", read_where, versions=(9, 16), inputs=range(3, 4)),
)
