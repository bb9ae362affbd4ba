"""The whole ONNX model of an integer graph."""

from __future__ import annotations

import onnx
from onnx import helper

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Graph, TensorType
from codesign.graph.plugins import load

OPSET = 19
"""The first with DeformConv."""
IR_VERSION = 9


def emit_qcdq(graph: Graph) -> onnx.ModelProto:
    """`graph` in standard ONNX operators: QuantizeLinear, Clip, DequantizeLinear around float ones.

    Inputs and outputs are float32 (N, C, H, W) with `q * scale` in them, N free; every tensor of the graph is there
    under its own name. All sums stay below 2^24, so any runtime that computes in float32 gives the same bits.
    Raises GraphError if an operator has no part in `codesign.emit.onnx`.
    """
    builder = OnnxBuilder(graph)
    for name, kind in graph.inputs.items():
        builder.quantize(name, f"{name}/on_grid", kind.scale[0], kind.lo, kind.hi)
    for node in graph.nodes:
        load("codesign.emit.onnx", node.op.kind).emit(builder, node)
    onnx_graph = helper.make_graph(
        builder.nodes,
        graph.name,
        [value_info(name, kind) for name, kind in graph.inputs.items()],
        [value_info(name, graph.types[name]) for name in dict.fromkeys(graph.outputs)],
        builder.initializers,
    )
    model = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def value_info(name: str, kind: TensorType) -> onnx.ValueInfoProto:
    """Declaration of a float tensor (N, C, H, W) with a free batch size."""
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", *kind.shape])
