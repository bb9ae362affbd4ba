"""Nodes that only read constants are computed once, as long as that takes little time and memory."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper, shape_inference
from qonnx.core.modelwrapper import ModelWrapper

from codesign.errors import GraphError, first_line
from codesign.frontend.domains import ONNX, SCALED, opset_of

Array = NDArray[Any]

IR_VERSION = 9
MOST_VALUES = 1 << 24
"""That one node may make of constants."""
MOST_VALUES_TOGETHER = 1 << 26
MOST_PRODUCTS = 1 << 32
MOST_ROUNDS = 32
"""A round computes all nodes whose inputs are known, and tells the shapes that follow from it."""
KNOWN_VALUES = 1024
"""Constants up to this size may say the shape of a result: axes, repeats, sizes."""

LINEAR = frozenset(
    """
    Abs Add And ArgMax ArgMin BatchNormalization BitShift Cast CastLike Ceil Clip Concat Constant ConstantOfShape
    Cos CumSum DepthToSpace DequantizeLinear Div Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather
    GatherElements GatherND Greater GreaterOrEqual HardSigmoid Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log
    Max Mean Min Mod Mul Neg Not OneHot Or Pad Pow PRelu QuantizeLinear Range Reciprocal ReduceL1 ReduceL2 ReduceMax
    ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND
    Shape Sigmoid Sign Sin Size Slice Softmax SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile Transpose Trilu
    Unsqueeze Upsample Where Xor
    """.split()  # noqa: SIM905
)
"""Operators whose time is about that of reading their inputs and writing their outputs."""


def fold_constants(model: ModelWrapper) -> None:
    """In place: the results of nodes of constants become initializers, and all shapes that follow from them known.

    Quantizers and what they lead to stay. Raises GraphError where a constant would be too large to compute.
    """
    made = 0
    for _ in range(MOST_ROUNDS):
        known = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        new = _fold_once(model, known, MOST_VALUES_TOGETHER - made)
        if not new:
            break
        made += sum(array.size for array in new.values())
        model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in new.items())
        infer_shapes(model.model)


def infer_shapes(model: onnx.ModelProto, strict: bool = False) -> None:
    """Gives all tensors of `model` the shapes and types that follow from the nodes; quantizers change neither.

    strict: raises what ONNX raises where nodes and their inputs contradict each other.
    """
    plain = onnx.ModelProto()
    plain.CopyFrom(model)
    for node in plain.graph.node:
        if node.domain != ONNX:
            node.domain, node.op_type = ONNX, "Identity"
            del node.input[1:], node.attribute[:]
    inferred = shape_inference.infer_shapes(plain, check_type=strict, strict_mode=strict, data_prop=True)
    found = {value.name: value for value in (*inferred.graph.output, *inferred.graph.value_info)}
    for output in model.graph.output:
        output.CopyFrom(found.pop(output.name, output))
    del model.graph.value_info[:]
    model.graph.value_info.extend(found.values())


def _fold_once(model: ModelWrapper, known: dict[str, Array], left: int) -> dict[str, Array]:
    """Takes the nodes of constants out of `model`; returns what they make. left: how many values that may be."""
    opset, new, gone = opset_of(model.model), dict[str, Array](), []
    shapes = {value.name: _shape(value) for value in (*model.graph.input, *model.graph.value_info, *model.graph.output)}
    for node in model.graph.node:
        if node.domain != ONNX or node.op_type in SCALED:
            continue
        if node.op_type == "Shape" and shapes.get(node.input[0]) is not None:
            results: tuple[Array, ...] = (_shape_of(node, shapes[node.input[0]]),)
        elif all(name in known for name in node.input if name):
            results = fold(node, {name: known[name] for name in node.input if name}, opset)
        else:
            continue
        gone.append(node)
        found = {name: array for name, array in zip(node.output, results, strict=True) if name}
        known |= found
        new |= found
        left -= sum(array.size for array in found.values())
        if left < 0:
            raise GraphError("the constants of the file are too large to compute", remedy="simplify it when exporting")
    for node in gone:
        model.graph.node.remove(node)
    return new


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...] | None:
    dims = value.type.tensor_type.shape.dim
    known = value.type.tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dims)
    return tuple(dim.dim_value for dim in dims) if known else None


def _shape_of(node: onnx.NodeProto, shape: tuple[int, ...] | None) -> Array:
    options = {attribute.name: attribute.i for attribute in node.attribute}
    return np.array((shape or ())[options.get("start", 0) : options.get("end")], np.int64)


def fold(node: onnx.NodeProto, constants: Mapping[str, Array], opset: int) -> tuple[Array, ...]:
    """What `node` makes of its inputs, all of them in `constants`; an empty array for outputs without a name.

    Raises GraphError where that is not known to be quick, or fails.
    """
    where = f"node {node.name or node.output[0]}"
    model = _alone(node, constants, opset)
    try:
        shapes = _result_shapes(model, node)
        products = _products(node, [constants[name].shape for name in node.input if name], shapes)
        if sum(map(prod, shapes)) > MOST_VALUES or products > MOST_PRODUCTS:
            raise GraphError(f"{node.op_type} of constants is too large to compute", where=where)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 4, 1
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        results = session.run(None, {value.name: constants[value.name] for value in session.get_inputs()})
    except GraphError:
        raise
    except Exception as error:  # whatever ONNX' shape inference and ONNX Runtime raise
        reason = first_line(error)
        raise GraphError(f"cannot be computed ({reason})", where=where, remedy="export the file again") from None
    named = iter(results)
    return tuple(next(named) if name else np.zeros(0) for name in node.output)


def _alone(node: onnx.NodeProto, constants: Mapping[str, Array], opset: int) -> onnx.ModelProto:
    """A model of `node`; small constants are part of it, so that the shapes they say are known."""
    small = [numpy_helper.from_array(a, name) for name, a in constants.items() if a.size <= KNOWN_VALUES]
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for name, a in constants.items()
        if a.size > KNOWN_VALUES
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    graph = helper.make_graph([node], "constant", inputs, outputs, small)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(ONNX, opset)], ir_version=IR_VERSION)


def _result_shapes(model: onnx.ModelProto, node: onnx.NodeProto) -> list[tuple[int, ...]]:
    inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    shapes = [_shape(value) for value in inferred.graph.output]
    if any(shape is None for shape in shapes):
        raise GraphError(
            f"the size of what {node.op_type} makes of constants is not known",
            where=f"node {node.name or node.output[0]}",
            remedy="simplify the file when exporting",
        )
    return [shape for shape in shapes if shape is not None]


def _products(node: onnx.NodeProto, inputs: list[tuple[int, ...]], outputs: list[tuple[int, ...]]) -> int:
    """How many multiplications the node takes. Raises GraphError for operators whose cost is not known."""
    if node.op_type in LINEAR:
        return 0
    if node.op_type in ("MatMul", "Gemm"):
        return prod(outputs[0]) * max(max(shape, default=1) for shape in inputs[:2])
    if node.op_type == "Conv":
        return prod(outputs[0]) * prod(inputs[1][1:])
    raise GraphError(
        f"operator '{node.op_type}' is not supported, nor computed in advance",
        where=f"node {node.name or node.output[0]}",
        remedy="simplify the file when exporting",
    )
