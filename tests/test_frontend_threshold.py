"""QONNX files made by others: any scale, bipolar, ternary, MultiThreshold, every rounding; exact, or refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from codesign.errors import GraphError
from codesign.frontend.qonnx import import_qonnx
from codesign.graph import Graph, TensorType, execute
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.threshold import Threshold
from tests.onnx_nets import QonnxNet, assert_executors_agree, random_images

RNG = np.random.default_rng(5)


def weights(*shape: int, most: int = 7) -> np.ndarray:
    return RNG.integers(-most, most + 1, shape)


def scales(count: int) -> np.ndarray:
    """One per output channel, none a power of two."""
    return RNG.uniform(0.01, 0.2, (count, 1, 1, 1)).astype(np.float32)


def batch_norm(net: QonnxNet, x: str, channels: int) -> str:
    """Factors of both signs, and one of zero: a channel without a step."""
    gamma = RNG.uniform(0.3, 2.0, channels) * RNG.choice([-1, 1], channels)
    gamma[0] = 0.0
    terms = gamma, RNG.normal(0, 0.5, channels), RNG.normal(0, 0.5, channels), RNG.uniform(0.2, 3.0, channels)
    return net.op("BatchNormalization", x, *(net.const(term) for term in terms), epsilon=1e-5)


def separable() -> onnx.ModelProto:
    """Convolution, depthwise and pointwise; per-channel weight scales, a float bias, batch norms, ReLU, 4 bits."""
    net = QonnxNet(1, 3, 9, 8)
    x = net.quant("image", 0.0173)
    x = net.conv(x, weights(6, 3, 3, 3), scales(6), RNG.normal(0, 1, 6), pads=[1, 1, 1, 1], strides=[2, 2])
    x = net.quant(net.op("Relu", batch_norm(net, x, 6)), 0.21, 4)
    x = net.quant(batch_norm(net, net.conv(x, weights(6, 1, 3, 3), scales(6), group=6), 6), 0.11, 3, signed=1)
    return net.model(net.quant(net.conv(x, weights(5, 6, 1, 1), scales(5)), 0.37, 8, signed=1, narrow=1))


def perceptron() -> onnx.ModelProto:
    """MatMul with its bias added afterwards, and Gemm; 2 bits, ternary weights; sums as the output."""
    net = QonnxNet(1, 2, 3, 4)
    x = net.op("Flatten", net.quant("image", 0.031, 4))
    w = net.quant(net.const(weights(24, 7) * 0.07), 0.07, 4, signed=1)
    y = net.op("Add", net.op("MatMul", x, w), net.const(RNG.normal(0, 0.1, 7)))
    y = net.quant(net.op("Relu", y), 0.123, 2)
    ternary = net.quant(net.const(weights(6, 7, most=1) * 0.19), 0.19, 2, signed=1, narrow=1)
    y = net.quant(net.op("Gemm", y, ternary, net.const(RNG.normal(0, 0.3, 6)), transB=1), 0.05, 3, signed=1)
    return net.model(net.op("MatMul", y, net.quant(net.const(weights(6, 4) * 0.3), 0.3, 4, signed=1)))


def binary() -> onnx.ModelProto:
    """Bipolar input, weights and activations; a padded convolution, max-pooling, concatenation, batch norm and sign."""
    net = QonnxNet(1, 4, 6, 6)
    x = net.bipolar("image", 0.5)
    branches = []
    for _ in range(2):
        w = net.bipolar(net.const(RNG.normal(0, 1, (5, 4, 3, 3))), np.abs(scales(5)))
        y = batch_norm(net, net.op("Conv", x, w, pads=[1, 1, 1, 1]), 5)
        branches.append(net.bipolar(y))
    y = net.op("MaxPool", net.op("Concat", *branches, axis=1), kernel_shape=[2, 2], strides=[2, 2])
    w = net.bipolar(net.const(RNG.normal(0, 1, (90, 3))), 0.25)
    return net.model(net.bipolar(net.op("Sub", net.op("MatMul", net.op("Flatten", y), w), net.const(0.6)), 2.0))


def signed_single_bits() -> onnx.ModelProto:
    """QONNX calls a signed Quant of one bit bipolar."""
    net = QonnxNet(1, 3, 4, 4)
    y = net.quant(net.conv(net.quant("image", 0.25, 4, signed=1), weights(4, 3, 1, 1), 0.5), 0.7, 1, signed=1)
    return net.model(net.quant(net.conv(y, weights(2, 4, 3, 3), 0.3113), 0.2, 5, signed=1))


def multi_thresholds() -> onnx.ModelProto:
    """Rows for every channel and one for all, with an offset, in halves, and bipolar."""
    net = QonnxNet(1, 3, 5, 5)
    x = net.conv(net.quant("image", 1.0, 4), weights(4, 3, 3, 3))
    x = net.multi_threshold(x, np.sort(RNG.normal(0, 60, (4, 15)), axis=1), "INT4", out_bias=-8.0)
    x = net.conv(x, weights(5, 4, 1, 1))
    x = net.multi_threshold(x, np.sort(RNG.normal(0, 40, (1, 7)), axis=1), "UINT3", out_scale=0.3)
    x = net.multi_threshold(
        net.conv(x, weights(3, 5, 1, 1)), RNG.normal(0, 5, (3, 1)), "BIPOLAR", out_scale=2.0, out_bias=-1.0
    )
    return net.model(
        net.multi_threshold(net.conv(x, weights(2, 3, 2, 2)), [[-9, 0, 0.5, 9]], out_scale=3.0, out_bias=-1.5)
    )


def affine_input() -> onnx.ModelProto:
    """The input scaled to [-1, 1] before it is quantized again."""
    net = QonnxNet(1, 3, 4, 4)
    x = net.op("Sub", net.op("Mul", net.quant("image", 1 / 255), net.const(2.0)), net.const(1.0))
    x = net.quant(x, 0.13, 4, signed=1)
    return net.model(net.quant(net.conv(x, weights(2, 3, 1, 1), 0.3), 0.5, 6, signed=1))


def functions_between() -> onnx.ModelProto:
    """A ReLU6 scaled by channel and by a negative number before the quantizer, which no bounds express."""
    net = QonnxNet(1, 3, 4, 4)
    y = net.conv(net.quant("image", 0.1, 6), weights(3, 3, 1, 1), 0.25)
    y = net.op("Clip", y, net.const(0.0), net.const(6.0))
    y = net.op("Div", net.op("Mul", y, net.const([[[-1.5123]], [[0.7077]], [[2.0031]]])), net.const(1.137))
    return net.model(net.op("Relu", net.quant(y, 0.3, 5, signed=1)))


MODELS = [separable, perceptron, binary, signed_single_bits, multi_thresholds, affine_input, functions_between]


@pytest.mark.parametrize("build", MODELS)
def test_every_tensor_is_what_qonnx_and_onnxruntime_compute(build: Callable[[], onnx.ModelProto]) -> None:
    graph = assert_executors_agree(build(), count=8)
    assert any(isinstance(node.op, Threshold | Lookup) for node in graph.nodes)


@pytest.mark.parametrize("mode", ["ROUND", "HALF_EVEN", "FLOOR", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN"])
def test_every_way_of_rounding_is_exact_at_ties_too(mode: str) -> None:
    """Power-of-two scales, so that half of the quotients are ties; every integer of the input."""
    net = QonnxNet(1, 1, 16, 16)
    x = net.conv(net.quant("image", 0.25), [[[[1]]]], bias=[-32.0])
    model = net.model(net.quant(x, 1.0, 7, signed=1, rounding_mode=mode))
    assert_executors_agree(model)
    images = np.arange(256).reshape(1, 1, 16, 16)
    real = (images * 0.25 - 32).astype(np.float32)
    rounded = {
        "FLOOR": np.floor,
        "CEIL": np.ceil,
        "UP": lambda v: np.sign(v) * np.ceil(np.abs(v)),
        "DOWN": np.trunc,
        "HALF_UP": lambda v: np.sign(v) * np.floor(np.abs(v) + 0.5),
        "HALF_DOWN": lambda v: np.sign(v) * np.ceil(np.abs(v) - 0.5),
    }.get(mode, np.rint)
    (result,) = execute(import_qonnx(model), {"image": images}).values()
    np.testing.assert_array_equal(result, rounded(real))


def single(build: Callable[[QonnxNet, str], str]) -> Graph:
    net = QonnxNet(1, 1, 4, 4)
    return import_qonnx(net.model(build(net, net.quant("image", 0.5, 4, signed=1))))


def test_a_quantizer_of_two_levels_of_one_bit_carries_the_sign() -> None:
    graph = single(lambda net, x: net.bipolar(net.op("Sub", x, net.const(1.0))))
    assert graph.types[graph.outputs[0]] == TensorType((1, 4, 4), -1, 1, (1.0,), 2)
    assert graph.types[graph.outputs[0]].bits == 1
    images = random_images(graph, 4)
    np.testing.assert_array_equal(execute(graph, {"image": images})[graph.outputs[0]], np.where(images >= 2, 1, -1))


def test_a_shift_is_preferred_where_it_is_exact() -> None:
    (node,) = single(lambda net, x: net.quant(net.op("Relu", x), 2.0, 2)).nodes
    assert isinstance(node.op, Requant)


def test_the_same_scale_again_changes_nothing_whatever_it_is() -> None:
    net = QonnxNet(1, 1, 4, 4)
    graph = import_qonnx(net.model(net.quant(net.quant("image", 0.3, 4), 0.3, 8, signed=1)))
    assert not graph.nodes


def test_equal_thresholds_of_all_channels_are_kept_once() -> None:
    net = QonnxNet(1, 5, 4, 4)
    (node,) = import_qonnx(net.model(net.quant(net.quant("image", 0.3, 12), 0.7, 3))).nodes
    assert node.op.thresholds.shape == (1, 7)


def test_only_steps_that_occur_are_thresholds() -> None:
    """15 quarters of an accumulator in 8 bits: what is beyond is never reached."""
    graph = single(lambda net, x: net.quant(x, 0.7, 8, signed=1))
    assert (graph.types[graph.outputs[0]].lo, graph.types[graph.outputs[0]].hi) == (-6, 5)


def test_what_rises_and_falls_is_refused_with_its_node() -> None:
    """A row of thresholds is monotone whatever it is; a weighted sum of two is not, and QONNX has no node for one."""
    from codesign.frontend.quantizer import Quantizer
    from codesign.frontend.thresholds import quantized
    from codesign.frontend.values import Activation

    fold = Quantizer(onnx.NodeProto(), 1.0, 0, 9, 1, lambda real: np.abs(np.rint(real / 2)).clip(0, 9), rounds=False)
    with pytest.raises(GraphError, match="is no monotone function of the sums before it"):
        quantized(Activation("x"), TensorType((2, 3, 3), -900, 1500), fold)


def test_a_rounding_input_that_changes_its_own_results_is_refused() -> None:
    net = QonnxNet(1, 1, 4, 4)
    with pytest.raises(GraphError, match="does not leave its own results as they are"):
        import_qonnx(net.model(net.quant("image", 0.3, 8, rounding_mode="FLOOR")))
