"""QUANTIZE and DEQUANTIZE: between the network's real-valued ends and its integers, and from one scale to another."""

from __future__ import annotations

from codesign.errors import GraphError
from codesign.frontend.tflite.importer import Importer, code_of
from codesign.frontend.tflite.model import FULL_INTEGER, Operator
from codesign.frontend.tflite.ops.functions import mapped
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes, Fed, Hosted


def read_quantize(importer: Importer, operator: Operator) -> Codes:
    """A real-valued input as integers, or integers at another scale."""
    value, result = importer.value(operator.inputs[0]), importer.result(operator)
    if isinstance(value, Fed) and importer.model.tensors[value.index].type == "FLOAT32":
        return importer.declared(value, code_of(result), result)
    return mapped(importer, operator, importer.codes(operator))


def read_dequantize(importer: Importer, operator: Operator) -> Codes | Hosted:
    """The real values of integers, for the host."""
    if importer.result(operator).type != "FLOAT32":
        raise GraphError(f"gives {importer.result(operator).type}", remedy=FULL_INTEGER)
    if operator.inputs[0] >= 0 and importer.tensor(operator, 0).data is not None:
        raise GraphError("computes with real numbers made of stored integers", remedy=FULL_INTEGER)
    value = importer.value(operator.inputs[0])
    if isinstance(value, Hosted):
        return value
    x = importer.codes(operator)
    return Codes(x.tensor, x.code, x.shape, real=True)


READERS = (Reader("QUANTIZE", read_quantize, 3), Reader("DEQUANTIZE", read_dequantize, 6))
