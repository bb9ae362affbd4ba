"""Float networks written by hand, quantized by onnxruntime, and the comparison with its integer kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.frontend.network import Network
from codesign.frontend.qonnx import import_network
from codesign.frontend.run import run_outputs, run_qonnx
from codesign.frontend.run_tail import run_tail
from codesign.graph import Graph, IntArray, execute
from tests.onnx_nets import random_images

RNG = np.random.default_rng(21)
SHAPE = (1, 3, 6, 6)
STEP = 1 / 255 + 1e-5
"""The tolerance for a softmax that the file rounds, and the host does not."""


class FloatNet:
    """A float network, node by node; every method returns the output's tensor name."""

    def __init__(self, shape: tuple[int, ...] = SHAPE) -> None:
        self.shape = shape
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, array: Any, dtype: type = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def conv(self, x: str, outputs: int, inputs: int, size: int, **attributes: Any) -> str:
        weight = RNG.normal(size=(outputs, inputs, size, size)) * RNG.uniform(0.2, 1, (outputs, 1, 1, 1))
        return self.op("Conv", x, self.const(weight), self.const(RNG.normal(size=outputs)), **attributes)

    def model(self, output: str, kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(output, kind, None)],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


FORMS = {
    "U8S8 per channel": {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8, "per_channel": True},
    "S8S8": {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8},
    "S8S8 symmetric": {
        "activation_type": QuantType.QInt8,
        "weight_type": QuantType.QInt8,
        "extra_options": {"ActivationSymmetric": True},
    },
}


class Pictures(CalibrationDataReader):
    def __init__(self, shape: tuple[int, ...]) -> None:
        self.left = [RNG.normal(size=shape).astype(np.float32) for _ in range(4)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return {"image": self.left.pop()} if self.left else None


def quantized(
    folder: Path,
    build: Callable[[FloatNet], str],
    shape: tuple[int, ...] = SHAPE,
    quant_format: QuantFormat = QuantFormat.QDQ,
    **options: Any,
) -> onnx.ModelProto:
    net = FloatNet(shape)
    onnx.save(net.model(build(net)), folder / "float.onnx")
    pictures = Pictures(shape)
    quantize_static(folder / "float.onnx", folder / "qdq.onnx", pictures, quant_format=quant_format, **options)
    return onnx.load(folder / "qdq.onnx")


def assert_kernels_agree(model: onnx.ModelProto, count: int = 6, emitted: bool = True) -> Graph:
    """Every tensor that the file has as integers is what ONNX Runtime's kernels make of it, its outputs are those of
    the graph and the tail, and what we emit computes the same."""
    network = import_network(model)
    graph = network.graph
    images = random_images(graph, count)
    expected = execute(graph, {"image": images}, keep=graph.types)
    results = {"file": run_qonnx(model, graph, images)}
    if emitted:
        results["emitted"] = run_onnxruntime(emit_qcdq(graph), graph, images, graph.types)
    assert set(graph.outputs) <= set(results["file"]) or network.tail is not None or not emitted
    for runner, tensors in results.items():
        for tensor, values in tensors.items():
            np.testing.assert_array_equal(values, expected[tensor], err_msg=f"{runner}: {tensor}")
    for name, reals in _outputs(network, expected).items():
        found = run_outputs(model, graph, images, [name])[name].reshape(count, -1)
        np.testing.assert_allclose(reals.reshape(count, -1), found, atol=STEP)
    return graph


def _outputs(network: Network, values: Mapping[str, IntArray]) -> dict[str, NDArray[Any]]:
    """Those of the file that the host computes."""
    if network.tail is None:
        return {}
    return run_tail(network.tail, network.graph, network.tail_inputs, values)
