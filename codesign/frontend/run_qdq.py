"""Runs a QDQ model in ONNX Runtime, whose integer kernels are what its integers mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper

from codesign.frontend.channels_first import Order, in_file
from codesign.frontend.domains import SCALED
from codesign.frontend.integer_operators import is_integer_operator, with_real_operators
from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_real

SETTINGS = {"session.x64quantprecision": "1", "session.qdq_matmulnbits_accuracy_level": "1"}
"""Without the first, kernels for x86 without VNNI add pairs of products in 16 bits, which saturate. Without the second,
a MatMul of quantized weights quantizes its other operand anew, block by block."""


CHANGING = ["DoubleQDQPairsRemover", "WeightBiasQuantization"]
"""Optimizations that compute something else than the file says: they make one quantizer of two that follow each other,
at a scale of its own, and round real biases."""


def is_qdq(model: onnx.ModelProto) -> bool:
    """Whether quantizers of `model` are ONNX' own, or within its operators."""
    return any(node.op_type in SCALED or is_integer_operator(node) for node in model.graph.node)


def frames(
    model: onnx.ModelProto, graph: Graph, images: IntArray, tensors: Collection[str], orders: Mapping[str, Order]
) -> Iterator[dict[str, NDArray[Any]]]:
    """For each image the tensors of the file by their names there.

    images: (N, C, H, W) integers of the input. orders: of axes in the file.
    """
    session, source = _session(model, tensors), _source(model)
    (kind,) = graph.inputs.values()
    shape = [dim.dim_value or 1 for dim in source.type.tensor_type.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(source.type.tensor_type.elem_type)
    names = [name for name in dict.fromkeys(tensors) if name != source.name]
    zero, order = zero_points(model).get(source.name), orders.get(source.name)
    for values in to_real(images, kind) if zero is None else images + zero:
        given = in_file(values, shape, order).astype(dtype)
        found = session.run(names, {source.name: given}) if names else []
        yield {source.name: given, **dict(zip(names, found, strict=True))}


def zero_points(model: onnx.ModelProto) -> dict[str, int]:
    """The zero point of every tensor of codes that a quantizer gives or takes, by itself or within an operator."""
    model = with_real_operators(model)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    constants |= {
        node.output[0]: attribute.t
        for node in model.graph.node
        for attribute in node.attribute
        if node.op_type == "Constant" and attribute.name == "value"
    }
    found = {}
    for node in model.graph.node:
        if node.op_type in SCALED:
            zero = constants.get(node.input[2]) if len(node.input) > 2 else None
            codes = node.input[0] if node.op_type == "DequantizeLinear" else node.output[0]
            found[codes] = 0 if zero is None else int(numpy_helper.to_array(zero).flat[0])
    return found


def output_steps(model: onnx.ModelProto) -> dict[str, float]:
    """For each output that a DequantizeLinear gives, the step that its values are rounded to."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    outputs = {value.name for value in model.graph.output}
    return {
        node.output[0]: float(numpy_helper.to_array(constants[node.input[1]]).max())
        for node in model.graph.node
        if node.op_type == "DequantizeLinear" and node.output[0] in outputs and node.input[1] in constants
    }


def _source(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    constants = {tensor.name for tensor in model.graph.initializer}
    found: onnx.ValueInfoProto = next(value for value in model.graph.input if value.name not in constants)
    return found


def _session(model: onnx.ModelProto, tensors: Collection[str]) -> onnxruntime.InferenceSession:
    """With `tensors` as outputs, none of which lies within what is fused."""
    try:
        return _opened(_with_own_constants(model), tensors)
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        # Precise kernels of signed codes there are only where ONNX Runtime makes them of quantizers itself.
        return _opened(_with_own_constants(with_real_operators(model)), tensors)


def _opened(copy: onnx.ModelProto, tensors: Collection[str]) -> onnxruntime.InferenceSession:
    present = {value.name for value in (*copy.graph.output, *copy.graph.input)}
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in present)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    for key, value in SETTINGS.items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(
        copy.SerializeToString(), options, providers=["CPUExecutionProvider"], disabled_optimizers=CHANGING
    )


def _with_own_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose quantizers share no constants: ONNX Runtime fails at a zero point that weights of int8 share."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {tensor.name: tensor for tensor in copy.graph.initializer}
    taken: set[str] = set()
    for node in copy.graph.node:
        if node.op_type not in SCALED:
            continue
        for index, name in enumerate(node.input):
            if name in constants and name in taken:
                node.input[index] = f"{name}/{node.output[0]}/{index}"
                own = copy.graph.initializer.add()
                own.CopyFrom(constants[name])
                own.name = node.input[index]
            taken.add(name)
    return copy


def as_integers(codes: NDArray[Any], zero: int, shape: tuple[int, ...]) -> IntArray:
    """(N, C, H, W) integers of the graph from the file's codes of N frames."""
    return np.asarray(codes, np.int64).reshape(-1, *shape).astype(np.int32) - np.int32(zero)
