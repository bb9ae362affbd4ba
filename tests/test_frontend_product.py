"""Products of two quantized tensors: gates, squeeze-and-excitation, and functions of the same integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnxruntime.quantization import QuantType

from codesign.errors import GraphError
from codesign.frontend.qonnx import import_qonnx
from tests.onnx_nets import QonnxNet, assert_executors_agree
from tests.qdq_files import FORMS, FloatNet, assert_kernels_agree, quantized

Build = Callable[[QonnxNet, str], str]

W = np.random.default_rng(5).integers(-3, 4, (3, 2, 3, 3))
GATES: dict[str, Build] = {
    "a map": lambda n, x: n.conv(x, W[::-1]),
    "a value a channel": lambda n, x: n.conv(n.op("GlobalAveragePool", x), W[:, :, 1:2, 1:2]),
    "a value a pixel": lambda n, x: n.conv(x, W[:1]),
    "one value": lambda n, x: n.conv(n.op("GlobalAveragePool", x), W[:1, :, 1:2, 1:2]),
}
SCALES = {"powers of two": (0.5, 1 / 64, 0.125), "any": (0.3713, 1 / 213.7, 0.0931)}


def gated(net: QonnxNet, gate: str, scales: tuple[float, float, float], swapped: bool) -> str:
    """Two branches of one input, the second through a sigmoid, multiplied and quantized."""
    x = net.quant("image", 0.25, 8, signed=1)
    same = {"pads": [0, 0, 0, 0]}
    first = net.quant(net.conv(x, W, **same), scales[0], 6, signed=1)
    second = net.quant(net.op("Sigmoid", GATES[gate](net, x)), scales[1], 7)
    return net.quant(net.op("Mul", *((second, first) if swapped else (first, second))), scales[2], 8, signed=1)


@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("gate", GATES)
def test_a_product_by(gate: str, scales: str) -> None:
    net = QonnxNet(1, 2, 8, 6)
    graph = assert_executors_agree(net.model(gated(net, gate, SCALES[scales], scales == "any")), 6)
    assert [node.op.kind for node in graph.nodes].count("mul") == 1
    assert graph.nodes[-1].op.kind == ("requant" if scales == "powers of two" else "rescale")


def test_a_product_of_vectors_and_of_sums_without_quantizers_is_exact() -> None:
    net = QonnxNet(1, 6)
    x = net.quant("image", 0.25, 4, signed=1)
    rows = np.random.default_rng(6).integers(-3, 4, (2, 6, 5))
    parts = [net.op("MatMul", x, net.weight(q, 0.5)) for q in rows]
    graph = assert_executors_agree(net.model(net.quant(net.op("Relu", net.op("Mul", *parts)), 2.0, 8)), 6)
    assert [node.op.kind for node in graph.nodes] == ["linear", "linear", "mul", "requant"]


def test_both_sides_of_a_silu_of_wide_sums_may_be_quantized() -> None:
    net = QonnxNet(1, 2, 8, 6)
    sums = net.conv(net.quant("image", 0.25, 8, signed=1), W)
    sides = [net.quant(sums, 0.5, 8, signed=1), net.quant(net.op("Sigmoid", sums), 1 / 128, 8)]
    graph = assert_executors_agree(net.model(net.quant(net.op("Mul", *sides), 0.25, 8, signed=1)), 6)
    assert [node.op.kind for node in graph.nodes].count("mul") == 1


@pytest.mark.parametrize("scale", [0.5, 0.4717], ids=["requant", "rescale"])
@pytest.mark.parametrize("name", ["Relu", "Clip"])
def test_a_bounded_value_times_the_value_itself_is_a_table(name: str, scale: float) -> None:
    net = QonnxNet(1, 2, 8, 6)
    x = net.quant(net.conv(net.quant("image", 0.25, 8, signed=1), W), scale, 8, signed=1)
    bounds = [] if name == "Relu" else [net.const(np.float32(-3 * scale)), net.const(np.float32(40 * scale))]
    y = net.op("Mul", net.op(name, x, *bounds), x)
    graph = assert_executors_agree(net.model(net.quant(y, 2.0, 8)), 6)
    assert [node.op.kind for node in graph.nodes][2:] == ["lookup"]


REFUSED: dict[str, tuple[Build, str]] = {
    "of a row of the map": (
        lambda n, x: n.op("Mul", x, n.quant(n.op("MaxPool", x, kernel_shape=[8, 1]), 0.25, 8, signed=1)),
        "which has neither that shape nor one pixel nor one channel",
    ),
    "of a function without a quantizer": (
        lambda n, x: n.op("Mul", n.quant(n.conv(x, W), 0.5), n.op("Sigmoid", n.conv(x, W[::-1]))),
        "reads the result of Sigmoid, which is no integer; put a quantizer between them",
    ),
    "of sums that are too wide": (
        lambda n, x: n.op("Mul", n.conv(x, 40 * W), n.conv(x, 40 * W[::-1])),
        "bits, 16 are supported; put a quantizer before the product",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_is_a_product(what: str) -> None:
    build, says = REFUSED[what]
    net = QonnxNet(1, 2, 8, 6)
    with pytest.raises(GraphError, match=says):
        import_qonnx(net.model(net.quant(build(net, net.quant("image", 0.25, 8, signed=1)), 0.5)))


def excited(net: FloatNet) -> str:
    """A block of MobileNetV3: squeeze-and-excitation by HardSigmoid, in a residual branch, between HardSwishes."""
    x = net.op("HardSwish", net.conv("image", 8, 3, 3, pads=[1, 1, 1, 1]))
    y = net.op("Relu", net.conv(x, 8, 1, 3, group=8, pads=[1, 1, 1, 1]))
    squeezed = net.op("Relu", net.conv(net.op("GlobalAveragePool", y), 4, 8, 1))
    y = net.op("Mul", net.op("HardSigmoid", net.conv(squeezed, 8, 4, 1), alpha=1 / 6), y)
    return net.conv(net.op("Add", x, net.conv(y, 8, 8, 1)), 4, 8, 1)


@pytest.mark.parametrize("form", FORMS)
def test_squeeze_and_excitation_has_the_integers_of_onnxruntimes_kernels(form: str, tmp_path: Path) -> None:
    graph = assert_kernels_agree(quantized(tmp_path, excited, **FORMS[form]))
    assert [node.op.kind for node in graph.nodes].count("mul") == 1


def test_a_product_by_a_map_has_the_integers_of_onnxruntimes_kernels(tmp_path: Path) -> None:
    def build(net: FloatNet) -> str:
        gate = net.op("Sigmoid", net.conv("image", 5, 3, 1))
        return net.conv(net.op("Mul", net.conv("image", 5, 3, 1), gate), 2, 5, 3)

    options = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    graph = assert_kernels_agree(quantized(tmp_path, build, **options))
    assert [node.op.kind for node in graph.nodes].count("mul") == 1


def test_a_column_of_channels_times_a_row_of_pixels_is_a_map() -> None:
    net = QonnxNet(1, 2, 8, 6)
    x = net.quant("image", 0.25, 8, signed=1)
    gates = net.op("Mul", net.op("GlobalAveragePool", x), net.quant(net.conv(x, W[:1]), 0.5))
    graph = assert_executors_agree(net.model(net.quant(gates, 0.5)))
    assert [node.op.kind for node in graph.nodes].count("mul") == 1
