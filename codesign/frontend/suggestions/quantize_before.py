"""A quantizer before a function, or a sum, of wide integers: what follows it is then a table of few values."""

from __future__ import annotations

import onnx

from codesign.frontend.calibration import Calibration
from codesign.frontend.rewriting import quantize
from codesign.frontend.suggestion import Suggestion

LAYERS = frozenset("Conv ConvTranspose DeformConv Gemm MatMul".split())  # noqa: SIM905
QUANTIZERS = frozenset("Quant IntQuant BipolarQuant Trunc MultiThreshold DequantizeLinear".split())  # noqa: SIM905
LINEAR = frozenset("Add BatchNormalization Sub Mul Div Identity Cast".split())  # noqa: SIM905


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """Quantizers on what feeds the function whose result the refused quantizer reads."""
    wide = _wide(model, tensor)
    if not wide:
        return None
    values = calibration.tensors(model, wide)
    return "; ".join(quantize(model, name, float(values[name].min()), float(values[name].max())) for name in wide)


def _wide(model: onnx.ModelProto, tensor: str) -> list[str]:
    """Tensors between the layers before `tensor` and the functions that follow them: each the last that is linear."""
    makers = {name: node for node in model.graph.node for name in node.output}
    constants = {item.name for item in model.graph.initializer}
    found: dict[str, None] = {}
    start = makers[tensor]
    waiting = [start.input[0]]
    while waiting:
        name = waiting.pop()
        node = makers.get(name)
        if node is None or name in found:
            continue
        operands = [x for x in node.input if x and x not in constants and not _constant(x, makers, constants)]
        if node.op_type in LAYERS or (node.op_type in LINEAR and len(operands) == 1 and _linear(operands[0], makers)):
            found[name] = None
        elif node.op_type not in QUANTIZERS:
            waiting += operands
    return list(found)


def _linear(name: str, makers: dict[str, onnx.NodeProto]) -> bool:
    """Whether nothing but layers and linear nodes leads to `name` from the last quantizer."""
    node = makers.get(name)
    while node is not None and node.op_type in LINEAR:
        node = makers.get(node.input[0])
    return node is not None and node.op_type in LAYERS


def _constant(name: str, makers: dict[str, onnx.NodeProto], constants: set[str]) -> bool:
    node = makers.get(name)
    return node is not None and all(_constant(x, makers, constants) or x in constants for x in node.input if x)


SUGGESTION = Suggestion("quantizers of 8 bits put before functions of wide sums", rewrite)
