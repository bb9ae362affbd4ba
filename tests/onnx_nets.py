"""Small QONNX models written by hand, and the comparison of everything that can run them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.frontend.qonnx import import_qonnx
from codesign.frontend.run import run_qonnx
from codesign.graph import Graph, IntArray, execute
from codesign.graph.reals import random_integers

ANCHOR = np.array([[y, x] for y in (-1, 0, 1) for x in (-1, 0, 1)], np.float32).reshape(1, 18, 1, 1)


class QonnxNet:
    """Builds a QONNX model node by node; every method returns the output's tensor name."""

    def __init__(self, *shape: int | str) -> None:
        self.shape = shape
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str = "", domain: str = "", **attributes: Any) -> Any:
        name = name or f"{kind.lower()}_{len(self.nodes)}"
        names = [name] if outputs == 1 else [f"{name}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name, domain=domain, **attributes))
        return name if outputs == 1 else names

    def quant(self, x: str, scale: Any = 1.0, bits: float = 8, signed: int = 0, narrow: int = 0, **options: Any) -> str:
        zero, mode = options.pop("zero", 0.0), options.pop("rounding_mode", "ROUND")
        inputs = [x, self.const(scale), self.const(zero), self.const(bits)]
        attributes = {"signed": signed, "narrow": narrow, "rounding_mode": mode, "domain": "qonnx.custom_op.general"}
        return self.op("Quant", *inputs, **attributes, **options)

    def bipolar(self, x: str, scale: Any = 1.0) -> str:
        return self.op("BipolarQuant", x, self.const(scale), domain="qonnx.custom_op.general")

    def multi_threshold(self, x: str, thresholds: Any, out_dtype: str = "UINT4", **options: Any) -> str:
        domain = "qonnx.custom_op.general"
        return self.op("MultiThreshold", x, self.const(thresholds), domain=domain, out_dtype=out_dtype, **options)

    def weight(self, q: Any, scale: Any = 1.0, bits: float = 8) -> str:
        return self.quant(self.const(np.asarray(q) * scale), scale, bits, signed=1)

    def conv(self, x: str, q: Any, scale: Any = 1.0, bias: Any = None, bits: float = 8, **attributes: Any) -> str:
        extra = [] if bias is None else [self.const(bias)]
        return self.op("Conv", x, self.weight(q, scale, bits), *extra, **attributes)

    def deform(self, x: str, s: str, q: Any, anchor: Any = ANCHOR, **attributes: Any) -> str:
        offsets = self.op("Mul", self.op("Sub", s, self.const(1.0)), self.const(anchor))
        options = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "group": len(q)} | attributes
        return self.op("DeformConv", x, self.weight(q), offsets, **options)

    def peak(self, x: str, threshold: float, floor: float, compare: str = "GreaterOrEqual") -> str:
        highest = self.op("MaxPool", x, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
        at_top = self.op("Equal", x, highest)
        above = self.op(compare, x, self.const(threshold))
        return self.op("Where", self.op("And", at_top, above), x, self.const(floor))

    def model(self, *outputs: str) -> onnx.ModelProto:
        inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, self.shape)]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "net", inputs, results, self.constants)
        opsets = [helper.make_opsetid("", 19), helper.make_opsetid("qonnx.custom_op.general", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def random_images(graph: Graph, count: int, seed: int = 0) -> IntArray:
    ((_, kind),) = graph.inputs.items()
    return random_integers(np.random.default_rng(seed), kind, count)


def assert_executors_agree(model: onnx.ModelProto, count: int = 3) -> Graph:
    """Imports `model`; every tensor is the same in the executor, ONNX Runtime and, where it exists there, QONNX."""
    graph = import_qonnx(model)
    ((name, _),) = graph.inputs.items()
    images = random_images(graph, count)
    expected = execute(graph, {name: images}, keep=graph.types)
    emitted = emit_qcdq(graph)
    results = {
        "onnxruntime": run_onnxruntime(emitted, graph, images, graph.types),
        "onnxruntime, outputs only": run_onnxruntime(emitted, graph, images),
        "qonnx": run_qonnx(model, graph, images),
    }
    assert set(graph.outputs) <= set(results["qonnx"])
    for runner, tensors in results.items():
        for tensor, values in tensors.items():
            np.testing.assert_array_equal(values, expected[tensor], err_msg=f"{runner}: {tensor}")
    return graph
