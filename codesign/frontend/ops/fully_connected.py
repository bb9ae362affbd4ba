"""Gemm and MatMul with quantized weights."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._weights import bias, weights
from codesign.frontend.reader import Reader, attributes, only
from codesign.frontend.values import Activation
from codesign.graph.ops.linear import Linear


def read_gemm(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = x B + C, or x B^T + C."""
    return _linear(importer, node, output_axis=0 if attributes(node, transB=0)["transB"] else 1)


def read_matmul(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = x B; a bias added afterwards is absorbed at the next quantizer."""
    return _linear(importer, node, output_axis=1)


def _linear(importer: Importer, node: onnx.NodeProto, output_axis: int) -> Activation:
    x = importer.quantized(node, 0, ("flat",))
    weight, scale = weights(importer, node, 1, output_axis)
    if weight.ndim != 2:
        raise GraphError(f"weights of shape {weight.shape} are not supported", remedy="use a two-dimensional matrix")
    matrix = np.moveaxis(weight, output_axis, 0)
    addend, offset = bias(importer, node, 2, x, scale, matrix.shape[0])
    return importer.emit_layer(Linear(matrix, addend, scale), [x], node, offset, "flat")


READERS = (
    *(
        Reader(
            "Gemm",
            read_gemm,
            versions=versions,
            attributes={"alpha": only(1.0), "beta": only(1.0), "transA": only(0), "transB": only(0, 1)},
            inputs=inputs,
        )
        for versions, inputs in (((7, 9), range(3, 4)), ((11, 13), range(2, 4)))
    ),
    Reader("MatMul", read_matmul, versions=(1, 9, 13), inputs=range(2, 3)),
)
