"""QDQ networks: zero points, scales a channel and sums of two scales, as ONNX Runtime's integer kernels have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import codesign
from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.errors import GraphError
from codesign.frontend.qonnx import import_network, import_qonnx
from codesign.frontend.run import run_outputs, run_qonnx
from codesign.frontend.run_tail import run_tail
from codesign.graph import Graph, execute
from tests.onnx_nets import random_images

RNG = np.random.default_rng(21)
SHAPE = (1, 3, 6, 6)


class FloatNet:
    """A float network, node by node; every method returns the output's tensor name."""

    def __init__(self) -> None:
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

    def model(self, output: str) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def residual(net: FloatNet) -> str:
    """Convolutions with and without ReLU, a sum of two scales, max-pool, an average over 3 x 3 and logits."""
    x = net.op("Relu", net.conv("image", 6, 3, 3, pads=[1, 1, 1, 1]))
    y = net.conv(net.op("Relu", net.conv(x, 6, 1, 3, group=6, pads=[1, 1, 1, 1])), 6, 6, 1)
    x = net.op("MaxPool", net.op("Relu", net.op("Add", x, y)), kernel_shape=[2, 2], strides=[2, 2])
    flat = net.op("Flatten", net.op("GlobalAveragePool", x))
    return net.op("Gemm", flat, net.const(RNG.normal(size=(4, 6))), net.const(RNG.normal(size=4)), transB=1)


def joined(net: FloatNet) -> str:
    """Branches of two scales put together, and a sum of the input's with itself convolved."""
    branches = [net.op("Relu", net.conv("image", 3, 3, 1)), net.conv("image", 3, 3, 3, pads=[1, 1, 1, 1])]
    y = net.conv(net.op("Concat", *branches, axis=1), 3, 6, 1)
    return net.conv(net.op("Add", "image", y), 2, 3, 3)


NETWORKS: dict[str, Callable[[FloatNet], str]] = {"residual": residual, "joined": joined}
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
    def __init__(self) -> None:
        self.left = [RNG.normal(size=SHAPE).astype(np.float32) for _ in range(4)]

    def get_next(self) -> dict[str, np.ndarray] | None:
        return {"image": self.left.pop()} if self.left else None


def quantized(folder: Path, build: Callable[[FloatNet], str], **options: Any) -> onnx.ModelProto:
    net = FloatNet()
    onnx.save(net.model(build(net)), folder / "float.onnx")
    quantize_static(folder / "float.onnx", folder / "qdq.onnx", Pictures(), quant_format=QuantFormat.QDQ, **options)
    return onnx.load(folder / "qdq.onnx")


def assert_kernels_agree(model: onnx.ModelProto, count: int = 6) -> Graph:
    """Every tensor that the file has as integers is what ONNX Runtime's kernels make of it, and so is what we emit."""
    graph = import_qonnx(model)
    images = random_images(graph, count)
    expected = execute(graph, {"image": images}, keep=graph.types)
    results = {"file": run_qonnx(model, graph, images)}
    results["emitted"] = run_onnxruntime(emit_qcdq(graph), graph, images, graph.types)
    assert set(graph.outputs) <= set(results["file"])
    for runner, tensors in results.items():
        for tensor, values in tensors.items():
            np.testing.assert_array_equal(values, expected[tensor], err_msg=f"{runner}: {tensor}")
    return graph


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NETWORKS)
def test_integers_are_those_of_onnxruntimes_kernels(name: str, form: str, tmp_path: Path) -> None:
    graph = assert_kernels_agree(quantized(tmp_path, NETWORKS[name], **FORMS[form]))
    assert any(node.op.kind == "add" for node in graph.nodes)


def test_a_zero_point_becomes_the_range_of_a_tensor(tmp_path: Path) -> None:
    model = quantized(tmp_path, residual, **FORMS["U8S8 per channel"])
    zeros = {t.name: int(numpy_helper.to_array(t)) for t in model.graph.initializer if t.name.startswith("image_zero")}
    (zero,) = zeros.values()
    (kind,) = import_qonnx(model).inputs.values()
    assert zero > 0 and (kind.lo, kind.hi) == (-zero, 255 - zero)


def test_a_tail_of_a_qdq_network_is_that_of_the_file(tmp_path: Path) -> None:
    def build(net: FloatNet) -> str:
        return net.op("Softmax", residual(net), axis=1)

    model = quantized(tmp_path, build, op_types_to_quantize=["Conv", "Relu", "Add", "MaxPool", "Gemm"])
    network = import_network(model)
    assert network.tail is not None
    images = random_images(network.graph, 3)
    values = execute(network.graph, {"image": images})
    found = run_tail(network.tail, network.graph, network.tail_inputs, values)
    (output,) = found
    np.testing.assert_allclose(found[output], run_outputs(model, network.graph, images, [output])[output], atol=1e-5)


def qdq(net: FloatNet, x: str, scale: float, zero: int, back: float | None = None) -> str:
    code = net.op("QuantizeLinear", x, net.const(scale), net.const(zero, np.uint8))
    return net.op("DequantizeLinear", code, net.const(back or scale), net.const(zero, np.uint8))


def test_codes_that_are_dequantized_by_another_scale_are_refused() -> None:
    net = FloatNet()
    with pytest.raises(GraphError, match="another scale or zero point"):
        import_qonnx(net.model(qdq(net, "image", 0.5, 3, back=0.25)))


def test_a_scale_a_channel_of_activations_is_refused() -> None:
    net = FloatNet()
    code = net.op("QuantizeLinear", "image", net.const([0.5] * 3), net.const([0] * 3, np.uint8), axis=1)
    with pytest.raises(GraphError, match="one scale per channel"):
        import_qonnx(net.model(net.op("DequantizeLinear", code, net.const([0.5] * 3), net.const([0] * 3, np.uint8))))


def test_a_file_without_quantizers_is_refused() -> None:
    net = FloatNet()
    with pytest.raises(GraphError, match="nothing in it is quantized"):
        import_qonnx(net.model(net.op("Relu", "image")))


def test_a_build_of_a_qdq_file_is_verified_against_it(tmp_path: Path) -> None:
    quantized(tmp_path, joined, **FORMS["U8S8 per channel"])
    codesign.export(tmp_path / "qdq.onnx", tmp_path / "build", fps=1000)
    verdict = codesign.verify(tmp_path / "build", images=2, stages=["qonnx", "onnxruntime", "graph"])
    assert verdict.exact, str(verdict.first_mismatch)
