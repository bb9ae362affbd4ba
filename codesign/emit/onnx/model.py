"""The whole ONNX model of an integer graph."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from codesign.emit.onnx.base import OnnxBuilder, carried
from codesign.graph import Graph, TensorType, digest
from codesign.graph.plugins import load

OPSET = 19
"""The first with DeformConv."""
IR_VERSION = 9
DIGEST = "codesign.graph"
"""The property of the model that says which graph it was made from."""


def emit_qcdq(graph: Graph) -> onnx.ModelProto:
    """`graph` in standard ONNX operators: QuantizeLinear, Clip, DequantizeLinear around float ones.

    Inputs and outputs are float32 (N, C, H, W) with `q * scale` in them, N free; every tensor of the graph is there
    under its own name, those within it as integers where their scale is no power of two (`carried`). All sums stay
    below 2^24, so any runtime that computes in float32 gives the same bits.
    Raises GraphError if an operator has no part in `codesign.emit.onnx`.
    """
    builder = OnnxBuilder(graph)
    for name, kind in graph.inputs.items():
        _input(builder, name, kind)
    for node in graph.nodes:
        load("codesign.emit.onnx", node.op.kind).emit(builder, node)
    for name in dict.fromkeys(graph.outputs):
        _output(builder, name, graph.types[name])
    onnx_graph = helper.make_graph(
        builder.nodes,
        graph.name,
        [value_info(name, kind) for name, kind in graph.inputs.items()],
        [value_info(name, graph.types[name]) for name in dict.fromkeys(graph.outputs)],
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


def _output(builder: OnnxBuilder, name: str, kind: TensorType) -> None:
    """Gives the output `name` its real value; the integers within the model are `name/integers` then."""
    if carried(kind) is kind or name in builder.graph.inputs:
        return
    inner = f"{name}/integers"
    for node in builder.nodes:
        node.name = inner if node.name == name else node.name
        node.input[:] = [inner if tensor == name else tensor for tensor in node.input]
        node.output[:] = [inner if tensor == name else tensor for tensor in node.output]
    builder.add("Mul", [inner, builder.floats(f"{name}/output_scale", np.array(kind.scale)[:, None, None])], name)


def value_info(name: str, kind: TensorType) -> onnx.ValueInfoProto:
    """Declaration of a float tensor (N, C, H, W) with a free batch size."""
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", *kind.shape])
