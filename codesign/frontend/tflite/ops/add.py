"""ADD of two tensors of one shape, each of its own scale."""

from __future__ import annotations

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.reader import ANY
from codesign.frontend.sums import Levels, added
from codesign.frontend.tflite.activation import FUSED
from codesign.frontend.tflite.alone import run_alone
from codesign.frontend.tflite.fixed_point import Integers
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.rescaling import Code
from codesign.frontend.tflite.values import Codes
from codesign.graph import TensorType


def read_add(importer: Importer, operator: Operator) -> Codes:
    """The result of every pair of codes, as LiteRT's kernel computes it, by two multipliers and steps of their sum."""
    first, second = importer.codes(operator, 0), importer.codes(operator, 1)
    result = importer.result(operator)
    if first.shape != second.shape or result.shape != first.shape:
        raise GraphError(f"adds {list(second.shape)} to {list(first.shape)}", remedy="add two tensors of one shape")
    code = code_of(result)
    kinds = importer.kind(first), importer.kind(second)
    a, b = (_integers(value.code, kind) for value, kind in zip((first, second), kinds, strict=True))
    pairs = np.broadcast_arrays(a[:, None] + first.code.zero, b[None] + second.code.zero)
    tensors = importer.tensor(operator, 0), importer.tensor(operator, 1)
    found = run_alone(operator, tensors, [codes.ravel() for codes in pairs], result)
    table = found.astype(np.int64).reshape(a.size, b.size) - code.zero
    levels = Levels(*code.bounds, 1, code.scale)
    place = importer.place(operator)
    tensor = added(importer.builder, (first.tensor, second.tensor), (a, b), table, levels, place, result.name)
    return Codes(tensor, code, first.shape)


def _integers(code: Code, kind: TensorType) -> Integers:
    """What a tensor of type `kind` holds: its range may be wider than that of its codes."""
    lo, hi = code.bounds
    return np.arange(max(lo, kind.lo), min(hi, kind.hi) + 1)


READERS = (Reader("ADD", read_add, 5, {"fused_activation_function": FUSED, "pot_scale_int16": ANY}, range(2, 3)),)
