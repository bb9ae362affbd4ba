"""MUL of two tensors, the second of which may be one value a channel or one a pixel."""

from __future__ import annotations

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.tflite.activation import FUSED, clamped
from codesign.frontend.tflite.alone import run_alone
from codesign.frontend.tflite.constant_operand import with_constant
from codesign.frontend.tflite.fixed_point import Rescaling, rounded_twice
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.rescaling import Code, rescaled
from codesign.frontend.tflite.values import Codes
from codesign.graph.ops.mul import Mul


def read_mul(importer: Importer, operator: Operator) -> Codes:
    """The product of the integers, rescaled by that of their scales, as LiteRT makes it of every pair of codes."""
    constant = with_constant(importer, operator)
    if constant is not None:
        return constant
    places = (0, 1) if importer.codes(operator, 0).shape == importer.result(operator).shape else (1, 0)
    first, second = (importer.codes(operator, place) for place in places)
    if len(first.shape) != len(second.shape):
        raise GraphError(
            f"multiplies {list(first.shape)} by {list(second.shape)}", remedy="give both as many dimensions"
        )
    code = clamped(code_of(importer.result(operator)), operator.option("fused_activation_function"))
    scales = [np.float32(value.code.scale) for value in (first, second)]
    rescaling = rounded_twice([float(scales[0] * scales[1] / np.float32(code.scale))])
    _check(importer, operator, [importer.codes(operator, place).code for place in (0, 1)], rescaling, code)
    product = importer.add(Mul(), [first.tensor, second.tensor], operator)
    step = rescaled(importer.builder.types[product], rescaling, code)
    return importer.computed(operator, importer.add(step, [product], operator, final=True))


def _check(importer: Importer, operator: Operator, given: list[Code], rescaling: Rescaling, result: Code) -> None:
    """Raises GraphError if LiteRT makes another code of a pair of codes."""
    codes = np.meshgrid(*(np.arange(code.lo, code.hi + 1) for code in given), indexing="ij")
    a, b = (found.ravel() for found in codes)
    products = (a - given[0].zero) * (b - given[1].zero)
    expected = np.clip(rescaling(products[:, None])[:, 0], *result.bounds) + result.zero
    tensors = importer.tensor(operator, 0), importer.tensor(operator, 1)
    found = run_alone(operator, tensors, [a, b], importer.result(operator))
    if (found != expected).any():
        raise GraphError(
            "is rounded by the installed LiteRT in another way than by version 2.3",
            remedy="install ai-edge-litert of the range of codesign[tflite]",
        )


READERS = (Reader("MUL", read_mul, 7, {"fused_activation_function": FUSED}, range(2, 3)),)
