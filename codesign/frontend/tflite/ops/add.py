"""ADD and SUB of two tensors, each of its own scale, or of a tensor and a constant."""

from __future__ import annotations

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.reader import ANY
from codesign.frontend.spreading import spread_tensor
from codesign.frontend.sums import Levels, added
from codesign.frontend.tflite.activation import FUSED
from codesign.frontend.tflite.alone import run_alone
from codesign.frontend.tflite.constant_operand import with_constant
from codesign.frontend.tflite.fixed_point import Integers
from codesign.frontend.tflite.importer import Importer, code_of, graph_shape
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.rescaling import Code
from codesign.frontend.tflite.values import Codes
from codesign.graph import TensorType


def read_add(importer: Importer, operator: Operator) -> Codes:
    """The result of every pair of codes, as LiteRT's kernel computes it, by two multipliers and steps of their sum."""
    return _summed(importer, operator, 1)


def read_sub(importer: Importer, operator: Operator) -> Codes:
    """The same with the second tensor's integers negative."""
    return _summed(importer, operator, -1)


def _summed(importer: Importer, operator: Operator, sign: int) -> Codes:
    found = with_constant(importer, operator)
    if found is not None:
        return found
    result = importer.result(operator)
    first, second = (_spread(importer, operator, place) for place in (0, 1))
    code = code_of(result)
    kinds = importer.kind(first), importer.kind(second)
    a, b = (_integers(value.code, kind) for value, kind in zip((first, second), kinds, strict=True))
    pairs = np.broadcast_arrays(a[:, None] + first.code.zero, b[None] + second.code.zero)
    tensors = importer.tensor(operator, 0), importer.tensor(operator, 1)
    sums = run_alone(operator, tensors, [codes.ravel() for codes in pairs], result)
    table = sums.astype(np.int64).reshape(a.size, b.size) - code.zero
    levels = Levels(*code.bounds, 1, code.scale)
    place = importer.place(operator)
    operands = first.tensor, second.tensor
    tensor = added(importer.builder, operands, (a, sign * b), table, levels, place, result.name, sign)
    return Codes(tensor, code, result.shape)


def _spread(importer: Importer, operator: Operator, place: int) -> Codes:
    """An operand, broadcast to the shape of the result. Raises GraphError where that is more than repeating it."""
    x, shape = importer.codes(operator, place), importer.result(operator).shape
    if x.shape == shape:
        return x
    if len(x.shape) != len(shape):
        raise GraphError(f"adds {list(x.shape)} to {list(shape)}", remedy="give both as many dimensions")
    tensor = spread_tensor(importer.builder, x.tensor, graph_shape(shape), importer.place(operator))
    return Codes(tensor, x.code, shape)


def _integers(code: Code, kind: TensorType) -> Integers:
    """What a tensor of type `kind` holds: its range may be wider than that of its codes."""
    lo, hi = code.bounds
    return np.arange(max(lo, kind.lo), min(hi, kind.hi) + 1)


OPTIONS = {"fused_activation_function": FUSED, "pot_scale_int16": ANY}

READERS = (Reader("ADD", read_add, 5, OPTIONS, range(2, 3)), Reader("SUB", read_sub, 5, OPTIONS, range(2, 3)))
