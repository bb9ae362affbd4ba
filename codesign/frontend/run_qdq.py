"""Runs a QDQ model in ONNX Runtime, whose integer kernels are what its integers mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from codesign.frontend.folding import SCALED
from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_real

PRECISE = "session.x64quantprecision"
"""Without it kernels for x86 without VNNI add pairs of products in 16 bits, which saturate."""


def is_qdq(model: onnx.ModelProto) -> bool:
    """Whether quantizers of `model` are ONNX' own."""
    return any(node.op_type in SCALED for node in model.graph.node)


def frames(
    model: onnx.ModelProto, graph: Graph, images: IntArray, tensors: Collection[str]
) -> Iterator[dict[str, NDArray[Any]]]:
    """For each image the tensors of the file by their names there; images: (N, C, H, W) integers of the input."""
    session, source = _session(model, tensors), _source(model)
    (kind,) = graph.inputs.values()
    shape = [dim.dim_value or 1 for dim in source.type.tensor_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(source.type.tensor_type.elem_type)
    names = [name for name in dict.fromkeys(tensors) if name != source.name]
    for real in to_real(images, kind):
        given = real.reshape(shape).astype(dtype)
        found = session.run(names, {source.name: given}) if names else []
        yield {source.name: given, **dict(zip(names, found, strict=True))}


def zero_points(model: onnx.ModelProto) -> dict[str, int]:
    """The zero point of every tensor of integers that is dequantized."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    constants |= {
        node.output[0]: attribute.t
        for node in model.graph.node
        for attribute in node.attribute
        if node.op_type == "Constant" and attribute.name == "value"
    }
    found = {}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            zero = constants.get(node.input[2]) if len(node.input) > 2 else None
            found[node.input[0]] = 0 if zero is None else int(numpy_helper.to_array(zero).flat[0])
    return found


def _source(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    constants = {tensor.name for tensor in model.graph.initializer}
    found: onnx.ValueInfoProto = next(value for value in model.graph.input if value.name not in constants)
    return found


def _session(model: onnx.ModelProto, tensors: Collection[str]) -> onnxruntime.InferenceSession:
    """With `tensors` as outputs, none of which lies within what is fused."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    present = {value.name for value in (*copy.graph.output, *copy.graph.input)}
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in present)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    options.add_session_config_entry(PRECISE, "1")
    return onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])


def as_integers(codes: NDArray[Any], zero: int, shape: tuple[int, ...]) -> IntArray:
    """(N, C, H, W) integers of the graph from the file's codes of N frames."""
    return np.asarray(codes, np.int64).reshape(-1, *shape).astype(np.int32) - np.int32(zero)
