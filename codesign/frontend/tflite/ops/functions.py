"""Functions of one value: LiteRT's own kernel tells the result of every code."""

from __future__ import annotations

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.reader import ANY, Values
from codesign.frontend.tables import tabulated
from codesign.frontend.tflite.alone import run_alone
from codesign.frontend.tflite.constant_operand import with_constant
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes

FUNCTIONS: dict[str, tuple[int, dict[str, Values]]] = {
    "RELU": (3, {}),
    "RELU6": (3, {}),
    "RELU_N1_TO_1": (1, {}),
    "LEAKY_RELU": (2, {"alpha": ANY}),
    "LOGISTIC": (3, {}),
    "TANH": (3, {}),
    "HARD_SWISH": (1, {}),
    "RELU_0_TO_1": (1, {}),
    "GELU": (2, {"approximate": ANY}),
    "EXP": (2, {}),
    "LOG": (2, {}),
    "RSQRT": (3, {}),
    "ABS": (3, {}),
}
"""Versions and options of each."""


def read_function(importer: Importer, operator: Operator) -> Codes:
    """A function of every value of a map or a vector."""
    return mapped(importer, operator, importer.codes(operator))


def mapped(importer: Importer, operator: Operator, x: Codes) -> Codes:
    """What `operator` makes of the codes of `x`, one by one; `x` itself where that is the same integers and scale."""
    result = importer.result(operator)
    code = code_of(result)
    if result.shape != x.shape:
        raise GraphError(f"makes {list(result.shape)} of {list(x.shape)}", remedy=AGAIN)
    kind = importer.kind(x)
    q = np.arange(kind.lo, kind.hi + 1)
    found = run_alone(operator, [importer.tensor(operator, 0)], [x.code.codes(q)], result)
    results = found.astype(np.int64) - code.zero
    if code.scale == x.code.scale and (results == q).all():
        return Codes(x.tensor, code, x.shape)
    op = tabulated(results[:, None], kind, code.scale)
    return Codes(importer.add(op, [x.tensor], operator, final=True), code, x.shape)


def read_with_constant(importer: Importer, operator: Operator) -> Codes:
    """A function of every value and a constant, one for all or one a channel."""
    found = with_constant(importer, operator)
    if found is None:
        raise GraphError(f"{operator.kind} of two computed tensors is not supported", remedy="use it with a constant")
    return found


READERS = (
    *(Reader(name, read_function, versions, options) for name, (versions, options) in FUNCTIONS.items()),
    Reader("PRELU", read_with_constant, 1, {}, range(2, 3)),
    *(Reader(name, read_with_constant, 4, {}, range(2, 3)) for name in ("MAXIMUM", "MINIMUM")),
)
