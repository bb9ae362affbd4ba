"""Gemm and MatMul with quantized weights."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._weights import bias, weights
from codesign.frontend.reader import Reader, attributes, only
from codesign.frontend.values import Activation
from codesign.graph.ops.linear import Linear
from codesign.graph.types import Shape


def read_gemm(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = x B + C, or x B^T + C."""
    return _linear(importer, node, output_axis=0 if attributes(node, transB=0)["transB"] else 1)


def read_matmul(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = x B; a bias added afterwards is absorbed at the next quantizer."""
    return _linear(importer, node, output_axis=1)


def _linear(importer: Importer, node: onnx.NodeProto, output_axis: int) -> Activation:
    x, factor = importer.factored(node, 0, ("flat", "flattened"))
    weight, scale = weights(importer, node, 1, output_axis, factor)
    if weight.ndim != 2:
        raise GraphError(f"weights of shape {weight.shape} are not supported", remedy="use a two-dimensional matrix")
    matrix = _in_order(np.moveaxis(weight, output_axis, 0), x, importer.type(x).shape)
    addend, offset = bias(importer, node, 2, x, scale, matrix.shape[0])
    return importer.emit_layer(Linear(matrix, addend, scale), [x], node, offset, "flat")


def _in_order(matrix: NDArray[np.int64], x: Activation, shape: Shape) -> NDArray[np.int64]:
    """Weights (outputs, inputs) in the order of (C, H, W); in the file they are in that of the map's axes there."""
    if x.layout != "flattened":
        return matrix
    sizes = [shape[axis] for axis in x.axes]
    if matrix.shape[1] != np.prod(shape):
        raise GraphError(f"weights for {matrix.shape[1]} inputs, input has {np.prod(shape)}")
    places = [1 + x.axes.index(axis) if axis in x.axes else 0 for axis in range(3)]
    maps = matrix.reshape(len(matrix), *sizes)
    return maps.transpose(0, *(place for place in places if place)).reshape(len(matrix), -1)


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
