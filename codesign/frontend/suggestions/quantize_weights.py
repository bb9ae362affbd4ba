"""Weights that are real numbers, of more than 8 bits or off their grid, on a grid of 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from codesign.frontend.calibration import Calibration
from codesign.frontend.reader import attributes
from codesign.frontend.rewriting import BITS, SMALLEST, SUFFIX, constant, fresh, producer, quant_node, set_attribute
from codesign.frontend.run_qdq import is_qdq
from codesign.frontend.suggestion import Suggestion

MOST = (1 << BITS - 1) - 1


def rewrite(model: onnx.ModelProto, tensor: str, calibration: Calibration) -> str | None:
    """-127 to 127 at a scale for each output channel, or one for all of a transposed convolution."""
    node = producer(model, tensor)
    if node is None or len(node.input) < 2:
        return None
    name = node.input[1]
    weight = calibration.tensors(model, [name])[name][0]
    axis = _axis(node, weight)
    scale = _scale(weight, axis)
    if is_qdq(model):
        node.input[1] = _dequantized(model, name, weight, scale, axis)
    else:
        node.input[1] = _quantized(model, name, weight, scale)
    return f"those of {node.name or tensor}"


def _axis(node: onnx.NodeProto, weight: NDArray[Any]) -> int | None:
    if node.op_type == "ConvTranspose":
        return None
    if node.op_type in ("Gemm", "MatMul"):
        return 0 if attributes(node, transB=0)["transB"] else weight.ndim - 1
    return 0


def _scale(weight: NDArray[Any], axis: int | None) -> NDArray[np.float32]:
    others = None if axis is None else tuple(i for i in range(weight.ndim) if i != axis)
    most = np.abs(weight).max(axis=others, keepdims=axis is not None)
    return np.asarray(np.maximum(most / MOST, SMALLEST), np.float32)


def _quantized(model: onnx.ModelProto, name: str, weight: NDArray[Any], scale: NDArray[np.float32]) -> str:
    stored = constant(model, f"{name}.{SUFFIX}.real", weight.astype(np.float32))
    step = constant(model, f"{name}.{SUFFIX}.scale", scale)
    result = fresh(model, f"{name}.{SUFFIX}")
    model.graph.node.insert(0, quant_node(model, stored, step, result, signed=True, narrow=True))
    return result


def _dequantized(
    model: onnx.ModelProto, name: str, weight: NDArray[Any], scale: NDArray[np.float32], axis: int | None
) -> str:
    codes = np.clip(np.rint(weight / scale), -MOST, MOST).astype(np.int8)
    stored = constant(model, f"{name}.{SUFFIX}.codes", codes)
    step = constant(model, f"{name}.{SUFFIX}.scale", scale.reshape(-1) if axis is not None else scale.reshape(()))
    result = fresh(model, f"{name}.{SUFFIX}")
    node = helper.make_node("DequantizeLinear", [stored, step], [result], result)
    set_attribute(node, axis=axis)
    model.graph.node.insert(0, node)
    return result


SUGGESTION = Suggestion("weights quantized to 8 bits", rewrite)
