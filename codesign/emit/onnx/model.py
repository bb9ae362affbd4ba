"""The whole ONNX model of an integer graph."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from codesign.emit.onnx.base import OnnxBuilder, carried, wide
from codesign.errors import GraphError
from codesign.graph import Graph, Node, TensorType, digest
from codesign.plugins import load

OPSET = 19
"""The first with DeformConv."""
IR_VERSION = 9
DIGEST = "codesign.graph"
"""The property of the model that says which graph it was made from."""


def emit_qcdq(graph: Graph) -> onnx.ModelProto:
    """`graph` in standard ONNX operators: QuantizeLinear, Clip, DequantizeLinear around float ones.

    Inputs and outputs are float32 (N, C, H, W) with `q * scale` in them, N free; every tensor of the graph is there
    under its own name, those within it as integers where their scale is no power of two (`carried`). Sums in float32
    stay below 2^24, so any runtime gives the same bits; those beyond are put together of such sums, in int32, and leave
    the model in float64.
    Raises GraphError if an operator has no part in `codesign.emit.onnx`.
    """
    builder = OnnxBuilder(graph)
    for name, kind in graph.inputs.items():
        _input(builder, name, kind)
    for node in graph.nodes:
        _check_width(graph, node)
        load("codesign.emit.onnx.ops", node.op.kind).emit(builder, node)
    for name in dict.fromkeys(graph.outputs):
        _output(builder, name, graph.types[name])
    onnx_graph = helper.make_graph(
        builder.nodes,
        graph.name,
        [value_info(name, kind) for name, kind in graph.inputs.items()],
        [value_info(name, graph.types[name], output=True) for name in dict.fromkeys(graph.outputs)],
        builder.initializers,
    )
    model = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, {DIGEST: digest(graph)})
    onnx.checker.check_model(model, full_check=True)
    return model


def _input(builder: OnnxBuilder, name: str, kind: TensorType) -> None:
    """The input's nearest integers."""
    (scale,), (result,) = kind.scale, carried(kind).scale
    if kind.step == 1:
        builder.quantize(name, f"{name}/on_grid", scale, kind.lo, kind.hi, result)
        return
    middles = (kind.lo + kind.step * (np.arange(kind.levels - 1) + 0.5)) * scale
    builder.staircase(name, f"{name}/on_grid", middles[None], kind.lo * result, kind.step * result)


ADDERS = ("add", "avgpool", "gain_map", "requant", "rescale", "threshold", "top_k")
"""Operators whose nodes take int32, in which sums beyond 2^24 pass."""


def _check_width(graph: Graph, node: Node) -> None:
    """Raises GraphError for an operator that has no nodes for wide sums."""
    if node.op.kind not in ADDERS and any(wide(kind) for kind in graph.input_types(node)):
        raise GraphError(
            "reads sums of more than 24 bits", where=f"node {node.name}", remedy="put a quantizer before it"
        )


def _output(builder: OnnxBuilder, name: str, kind: TensorType) -> None:
    """Gives the output `name` its real value; the integers within the model are `name/integers` then."""
    if carried(kind) is kind or name in builder.graph.inputs:
        return
    inner = f"{name}/integers"
    for node in builder.nodes:
        node.name = inner if node.name == name else node.name
        node.input[:] = [inner if tensor == name else tensor for tensor in node.input]
        node.output[:] = [inner if tensor == name else tensor for tensor in node.output]
    if wide(kind):
        real = builder.add("Cast", [inner], f"{name}/double", to=onnx.TensorProto.DOUBLE)
        scale = builder.constant(f"{name}/output_scale", np.array(kind.scale, np.float64)[:, None, None])
        builder.add("Mul", [real, scale], name)
        return
    builder.add("Mul", [inner, builder.floats(f"{name}/output_scale", np.array(kind.scale)[:, None, None])], name)


def value_info(name: str, kind: TensorType, output: bool = False) -> onnx.ValueInfoProto:
    """Declaration of a tensor (N, C, H, W), N free: float32, or of wide sums int32, float64 at outputs."""
    sums = onnx.TensorProto.DOUBLE if output else onnx.TensorProto.INT32
    return helper.make_tensor_value_info(name, sums if wide(kind) else onnx.TensorProto.FLOAT, ["N", *kind.shape])
