"""QDQ networks: zero points, scales a channel and sums of two scales, as ONNX Runtime's integer kernels have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import codesign
from codesign.emit.onnx import emit_qcdq
from codesign.errors import GraphError
from codesign.frontend.qonnx import import_network, import_qonnx
from codesign.frontend.run import run_outputs
from codesign.frontend.run_tail import run_tail
from codesign.graph import execute
from codesign.graph.reals import to_real
from tests.onnx_nets import random_images
from tests.qdq_files import FORMS, RNG, FloatNet, assert_kernels_agree, quantized


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


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NETWORKS)
def test_integers_are_those_of_onnxruntimes_kernels(name: str, form: str, tmp_path: Path) -> None:
    graph = assert_kernels_agree(quantized(tmp_path, NETWORKS[name], **FORMS[form]))
    assert any(node.op.kind == "add" for node in graph.nodes)


@pytest.mark.parametrize("form", FORMS)
def test_averages_whose_windows_end_at_the_border_are_those_of_onnxruntime(form: str, tmp_path: Path) -> None:
    """Over one, three or nine pixels: of even numbers, averages lie between two integers, and float32 decides."""

    def build(net: FloatNet) -> str:
        x = net.op("Relu", net.conv("image", 4, 3, 2))
        x = net.op("AveragePool", x, kernel_shape=[3, 3], pads=[2, 2, 2, 2], strides=[2, 2])
        return net.conv(x, 3, 4, 1)

    graph = assert_kernels_agree(quantized(tmp_path, build, **FORMS[form]))
    (gains,) = (node.op for node in graph.nodes if node.op.kind == "gain_map")
    assert gains.rows.tolist() == [3, 1, 1, 3]


def test_integers_of_a_file_of_pt2e_are_those_of_onnxruntimes_kernels() -> None:
    graph = assert_kernels_agree(onnx.load(Path(__file__).parent / "data" / "pt2e_xnnpack.onnx"))
    assert {"conv", "depthwise", "add", "avgpool", "linear"} <= {node.op.kind for node in graph.nodes}


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


@pytest.mark.parametrize("back", [0.25, 0.3])
def test_codes_may_be_dequantized_by_another_scale(back: float) -> None:
    net = FloatNet()
    model = net.model(net.op("MaxPool", qdq(net, "image", 0.5, 3, back=back), kernel_shape=[2, 2]))
    graph = import_qonnx(model)
    ((_, kind),) = graph.inputs.items()
    assert kind.scale == (0.5,)
    images = random_images(graph, 1)
    (found,) = execute(graph, {"image": images}).values()
    (expected,) = run_outputs(model, graph, images, [model.graph.output[0].name]).values()
    np.testing.assert_array_equal(to_real(found, graph.types[graph.outputs[0]]), expected[0])


def test_codes_that_are_dequantized_with_another_zero_point_are_refused() -> None:
    net = FloatNet()
    code = net.op("QuantizeLinear", "image", net.const(0.5), net.const(3, np.uint8))
    back = net.op("DequantizeLinear", code, net.const(0.5), net.const(4, np.uint8))
    with pytest.raises(GraphError, match="another zero point"):
        import_qonnx(net.model(back))


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


def test_a_border_is_quantized_and_goes_into_the_layer_behind(tmp_path: Path) -> None:
    def build(net: FloatNet) -> str:
        sizes = net.const([0, 0, 0, 1, 0, 0, 1, 1], np.int64)
        x = net.op("Relu", net.conv(net.op("Pad", "image", sizes), 4, 3, 3))
        x = net.op("MaxPool", net.op("Pad", x, sizes), kernel_shape=[2, 2], strides=[2, 2])
        return net.conv(net.op("Pad", x, sizes), 3, 4, 2)

    kinds = [node.op.kind for node in assert_kernels_agree(quantized(tmp_path, build, **FORMS["S8S8"])).nodes]
    assert kinds.count("conv") == 2 and "maxpool" in kinds


def test_differences_and_broadcast_operands_are_read(tmp_path: Path) -> None:
    def build(net: FloatNet) -> str:
        x, y = (net.op("Relu", net.conv("image", 4, 3, size, pads=[size // 2] * 4)) for size in (3, 1))
        gate = net.op("Sigmoid", net.conv(net.op("GlobalAveragePool", x), 4, 4, 1))
        whole = net.op("Expand", gate, net.const([1, 4, 6, 6], np.int64))
        x = net.op("Add", net.op("Mul", net.op("Sub", x, y), whole), net.conv(y, 1, 4, 1))
        return net.conv(net.op("Concat", x, whole, axis=1), 3, 8, 1)

    assert_kernels_agree(quantized(tmp_path, build, **FORMS["U8S8 per channel"]))


def test_an_input_is_flattened_before_its_quantizer() -> None:
    net = FloatNet()
    code = net.op("QuantizeLinear", net.op("Flatten", "image"), net.const(0.02), net.const(3, np.uint8))
    x = net.op("DequantizeLinear", code, net.const(0.02), net.const(3, np.uint8))
    weight = net.op("DequantizeLinear", net.const(RNG.integers(-9, 9, (108, 4)), np.int8), net.const(0.1))
    graph = import_qonnx(net.model(net.op("MatMul", x, weight)))
    assert [kind.shape for kind in graph.inputs.values()] == [(3, 6, 6)]


def test_codes_at_the_input_are_those_of_the_file() -> None:
    net = FloatNet()
    x = net.op("DequantizeLinear", "image", net.const(0.02), net.const(100, np.uint8))
    weight = net.op("DequantizeLinear", net.const(RNG.integers(-9, 9, (4, 3, 1, 1)), np.int8), net.const(0.1))
    y = net.op("QuantizeLinear", net.op("Conv", x, weight), net.const(0.1), net.const(7, np.uint8))
    model = net.model(net.op("DequantizeLinear", y, net.const(0.1), net.const(7, np.uint8)))
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    (kind,) = assert_kernels_agree(model).inputs.values()
    assert (kind.lo, kind.hi) == (-100, 155)


def test_the_standard_file_that_we_write_is_read_again() -> None:
    """Its scales are powers of two; it names its tensors after the graph's."""
    graph = import_qonnx(Path("models/codenet-digits/model.qonnx.onnx"))
    again, images = import_qonnx(emit_qcdq(graph)), random_images(graph, 1)
    values, found = (execute(g, {"image": images}) for g in (graph, again))
    for name, tensor in zip(graph.outputs, again.outputs, strict=True):
        np.testing.assert_array_equal(
            to_real(found[tensor], again.types[tensor]), to_real(values[name], graph.types[name])
        )


def test_codes_may_be_the_output(tmp_path: Path) -> None:
    model = quantized(tmp_path, joined, **FORMS["U8S8 per channel"])
    (last,) = (node for node in model.graph.node if node.output[0] == model.graph.output[0].name)
    model.graph.node.remove(last)
    model.graph.output[0].name = last.input[0]
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    graph = assert_kernels_agree(model)
    assert [graph.origins[tensor] for tensor in graph.outputs] == [last.input[0]]


def test_maxima_of_whole_maps_and_blocks_of_pixels_are_read(tmp_path: Path) -> None:
    def build(net: FloatNet) -> str:
        x = net.conv(net.op("SpaceToDepth", net.conv("image", 3, 3, 1), blocksize=2), 4, 12, 1)
        return net.conv(net.op("GlobalMaxPool", x), 3, 4, 1)

    assert "maxpool" in {node.op.kind for node in assert_kernels_agree(quantized(tmp_path, build)).nodes}
