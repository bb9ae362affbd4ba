"""TFLite files become integer graphs whose every tensor is LiteRT's, over random shapes, scales and zero points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import codesign
from codesign.errors import BuildError, GraphError
from codesign.frontend.run_tail import run_tail
from codesign.frontend.tflite.read import import_network
from codesign.frontend.tflite.run import run_outputs
from codesign.graph import execute
from codesign.graph.reals import random_integers
from tests.tflite_files import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, TFLiteNet, exact

ACTIVATIONS = (NONE, RELU, RELU6, RELU_N1_TO_1)


def kinds_of(path: Path) -> list[str]:
    return [node.op.kind for node in exact(path).nodes]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "shape"),
    [
        ((7, 6), (3, 3), (1, 1), SAME, (7, 6)),
        ((8, 7), (3, 2), (2, 2), SAME, (4, 4)),
        ((9, 8), (4, 3), (2, 3), VALID, (3, 2)),
        ((5, 4), (1, 1), (2, 2), SAME, (3, 2)),
        ((4, 5), (4, 5), (1, 1), VALID, (1, 1)),
    ],
)
def test_a_convolution_is_litert_s(size, kernel, stride, padding, shape, activation, tmp_path):
    net = TFLiteNet(seed=activation)
    x = net.input((1, *size, 3), 0.03, 17)
    y = net.conv(x, net.weights(5, *kernel, 3), (1, *shape, 5), stride, (1, 1), padding, activation)
    exact(net.write(tmp_path, y))


@pytest.mark.parametrize(("multiplier", "channels"), [(1, 4), (3, 2), (4, 1)])
@pytest.mark.parametrize("zero", [-128, 40])
def test_a_depthwise_convolution_is_litert_s(multiplier, channels, zero, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 7, 6, channels), 0.03, zero)
    outputs = channels * multiplier
    weight = net.weights(1, 3, 3, outputs)
    y = net.conv(x, weight, (1, 4, 3, outputs), (2, 2), zero=-128, activation=RELU, depth_multiplier=multiplier)
    exact(net.write(tmp_path, y))


def test_dilated_and_grouped_convolutions_are_litert_s(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 9, 8, 4), 0.03, -5)
    y = net.conv(x, net.weights(4, 3, 3, 4), (1, 9, 8, 4), dilation=(2, 3))
    y = net.conv(y, net.weights(1, 3, 3, 4), (1, 5, 4, 4), dilation=(2, 2), padding=VALID, depth_multiplier=1)
    y = net.conv(y, net.weights(6, 2, 2, 2), (1, 5, 4, 6))
    exact(net.write(tmp_path, y))


@pytest.mark.parametrize("kind", ["PAD", "PADV2"])
def test_a_border_goes_into_the_convolution_behind_it(kind, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 6, 6, 3), 0.03, 21)
    around = net.constant(np.array([[0, 0], [0, 1], [2, 0], [0, 0]], np.int32))
    border = [net.tensor((1,), 0.03, 21, np.array([21], np.int8))] if kind == "PADV2" else []
    y = net.op(kind, [x, around, *border], net.tensor((1, 7, 8, 3), 0.03, 21))
    y = net.conv(y, net.weights(4, 3, 3, 3), (1, 3, 3, 4), (2, 2), padding=VALID)
    exact(net.write(tmp_path, y))


@pytest.mark.parametrize("channels", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_fully_connected_layer_is_litert_s(channels, activation, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 40), 0.03, -9)
    y = net.dense(net.dense(x, net.weights(30, 40), channels), net.weights(7, 30), channels, activation)
    exact(net.write(tmp_path, y), frames=40)


def test_a_fully_connected_layer_needs_no_bias(tmp_path):
    net = TFLiteNet()
    exact(net.write(tmp_path, net.dense(net.input((1, 20), 0.03, -9), net.weights(8, 20), biased=False)))


def test_a_map_is_flattened_in_the_order_of_the_file(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 3, 4, 2), 0.03, -9)
    y = net.conv(x, net.weights(5, 1, 1, 2), (1, 3, 4, 5))
    shape = net.constant(np.array([1, 60], np.int32))
    y = net.op("RESHAPE", [y, shape], net.tensor((1, 60), net.scale(y), net.zero(y)))
    assert "linear" in kinds_of(net.write(tmp_path, net.dense(y, net.weights(4, 60))))


def test_an_input_takes_the_shape_that_the_file_gives_it(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 48), 0.03, -9)
    shape = net.constant(np.array([-1, 6, 8, 1], np.int32))
    y = net.op(
        "RESHAPE", [x, shape], net.tensor((1, 6, 8, 1), 0.03, -9), table="ReshapeOptions", newShape=[-1, 6, 8, 1]
    )
    graph = exact(net.write(tmp_path, net.conv(y, net.weights(3, 3, 3, 1), (1, 6, 8, 3))))
    assert [kind.shape for kind in graph.inputs.values()] == [(1, 6, 8)]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scales", [(0.02, 0.02, 0.03), (0.04, 0.02, 0.05), (0.031, 0.0173, 0.021), (0.5, 0.007, 0.4)])
def test_a_sum_of_two_scales_is_litert_s(scales, activation, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 16, 16, 1), 0.03, -128)
    a = net.conv(x, net.weights(16, 1, 1, 1), (1, 16, 16, 16), scale=scales[0], zero=-7)
    b = net.conv(x, net.weights(16, 3, 3, 1), (1, 16, 16, 16), scale=scales[1], zero=30)
    exact(net.write(tmp_path, net.add(a, b, scales[2], -4, activation)))


@pytest.mark.parametrize("activation", [NONE, RELU, RELU6])
@pytest.mark.parametrize("scales", [(0.02, 0.02, 0.03), (0.04, 0.5, 0.09), (0.031, 0.0173, 0.0021), (0.5, 0.25, 0.125)])
def test_a_product_is_litert_s(scales, activation, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 16, 16, 1), 0.03, -128)
    a = net.conv(x, net.weights(16, 1, 1, 1), (1, 16, 16, 16), scale=scales[0], zero=-7)
    b = net.conv(x, net.weights(16, 3, 3, 1), (1, 16, 16, 16), scale=scales[1], zero=30)
    graph = exact(net.write(tmp_path, net.mul(a, b, scales[2], -4, activation)))
    assert sum(node.op.kind == "mul" for node in graph.nodes) == 1


@pytest.mark.parametrize("map_first", [True, False])
@pytest.mark.parametrize("of", ["channels", "pixels"])
def test_a_map_is_scaled_by_channels_or_by_pixels(of, map_first, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 6, 6, 4), 0.03, -128)
    a = net.conv(x, net.weights(4, 3, 3, 4), (1, 6, 6, 4))
    if of == "channels":
        gate = net.conv(
            net.pool("AVERAGE_POOL_2D", a, (1, 1, 1, 4), 6, 1, VALID), net.weights(4, 1, 1, 4), (1, 1, 1, 4)
        )
    else:
        gate = net.conv(a, net.weights(1, 1, 1, 4), (1, 6, 6, 1))
    gate = net.op("LOGISTIC", [gate], net.tensor(tuple(net.tensors[gate].shape.tolist()), 1 / 256, -128))
    exact(net.write(tmp_path, net.mul(*((a, gate) if map_first else (gate, a)), 0.05, 12)))


@pytest.mark.parametrize("activation", [NONE, RELU6])
@pytest.mark.parametrize("zero", [-128, 3])
@pytest.mark.parametrize(
    ("kind", "size", "stride", "padding", "shape"),
    [
        ("MAX_POOL_2D", 2, 2, SAME, (4, 4)),
        ("MAX_POOL_2D", 3, 1, VALID, (5, 5)),
        ("AVERAGE_POOL_2D", 2, 2, VALID, (3, 3)),
        ("AVERAGE_POOL_2D", 3, 2, VALID, (3, 3)),
        ("AVERAGE_POOL_2D", 7, 1, VALID, (1, 1)),
    ],
)
def test_pooling_is_litert_s(kind, size, stride, padding, shape, zero, activation, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 7, 7, 5), 0.06, zero)
    exact(net.write(tmp_path, net.pool(kind, x, (1, *shape, 5), size, stride, padding, activation)), frames=30)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(("size", "scale"), [((7, 7), 0.02), ((4, 4), 0.03), ((3, 5), 0.0071), ((1, 6), 0.05)])
def test_a_mean_is_litert_s(size, scale, keep, tmp_path):
    net = TFLiteNet()
    x = net.input((1, *size, 9), 0.03, -20)
    axes = net.constant(np.array([1, 2], np.int32))
    y = net.tensor((1, 1, 1, 9) if keep else (1, 9), scale, 4)
    net.op("MEAN", [x, axes], y, 2, table="ReducerOptions", keepDims=keep)
    exact(net.write(tmp_path, y), frames=60)


@pytest.mark.parametrize("zero", [-128, -1, 60])
@pytest.mark.parametrize(
    ("kind", "result", "options"),
    [
        ("RELU", (0.04, -100), {}),
        ("RELU6", (0.025, -128), {}),
        ("RELU_N1_TO_1", (0.008, 0), {}),
        ("LEAKY_RELU", (0.05, -90), {"table": "LeakyReluOptions", "alpha": 0.13}),
        ("LOGISTIC", (1 / 256, -128), {}),
        ("TANH", (1 / 128, 0), {}),
        ("HARD_SWISH", (0.04, -110), {"table": "HardSwishOptions"}),
        ("QUANTIZE", (0.11, 5), {"table": "QuantizeOptions"}),
    ],
)
def test_a_function_of_one_value_is_litert_s_for_every_code(kind, result, options, zero, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 16, 16, 1), 0.05, zero)
    y = net.op(kind, [x], net.tensor((1, 16, 16, 1), *result), **options)
    exact(net.write(tmp_path, y), frames=8)


def test_channels_are_put_together_and_maps_made_larger(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 4, 3, 2), 0.03, 8)
    a = net.conv(x, net.weights(3, 3, 3, 2), (1, 4, 3, 3))
    b = net.conv(x, net.weights(2, 1, 1, 2), (1, 4, 3, 2))
    y = net.op(
        "CONCATENATION", [a, b], net.tensor((1, 4, 3, 5), net.scale(a), net.zero(a)), 2,
        table="ConcatenationOptions", axis=3,
    )  # fmt: skip
    size = net.constant(np.array([12, 9], np.int32))
    y = net.op(
        "RESIZE_NEAREST_NEIGHBOR", [y, size], net.tensor((1, 12, 9, 5), net.scale(a), net.zero(a)), 2,
        table="ResizeNearestNeighborOptions", halfPixelCenters=True,
    )  # fmt: skip
    assert {"concat", "upsample"} <= set(
        kinds_of(net.write(tmp_path, net.conv(y, net.weights(2, 1, 1, 5), (1, 12, 9, 2))))
    )


@pytest.mark.parametrize("kind", ["FLOAT32", "UINT8"])
def test_quantizers_at_the_ends_are_the_interface_of_the_hardware(kind, tmp_path):
    net = TFLiteNet()
    quantized = () if kind == "FLOAT32" else (0.03, 120)
    x = net.input((1, 5, 5, 2), *quantized or ((), 0), kind=kind)
    q = net.op("QUANTIZE", [x], net.tensor((1, 5, 5, 2), 0.03, -8), table="QuantizeOptions")
    y = net.conv(q, net.weights(3, 3, 3, 2), (1, 5, 5, 3))
    output = net.op("DEQUANTIZE", [y], net.tensor((1, 5, 5, 3), kind="FLOAT32"), 2, table="DequantizeOptions")
    graph = exact(net.write(tmp_path, output))
    assert next(node.op.kind for node in graph.nodes) == "conv"


@pytest.mark.parametrize("beta", [1.0, 0.5])
@pytest.mark.parametrize("flat", [True, False])
def test_a_softmax_stays_on_the_host(flat, beta, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 3, 3, 4), 0.03, 8)
    y = net.conv(x, net.weights(6, 3, 3, 4), (1, 1, 1, 6) if flat else (1, 3, 3, 6), padding=VALID if flat else SAME)
    shape = tuple(net.tensors[y].shape.tolist())
    output = net.op("SOFTMAX", [y], net.tensor(shape, 1 / 256, -128), 2, table="SoftmaxOptions", beta=beta)
    path = net.write(tmp_path, output)
    network, name = import_network(path), net.tensors[output].name
    ((source, kind),) = network.graph.inputs.items()
    images = random_integers(np.random.default_rng(3), kind, 4)
    assert network.tail is not None
    values = execute(network.graph, {source: images}, keep=network.graph.outputs)
    found = run_tail(network.tail, network.graph, network.tail_inputs, values)[name]
    expected = run_outputs(path, network.graph, images, [name])[name]
    assert found.shape == expected.shape == (4, *shape)
    assert np.abs(found - expected).max() <= 1 / 256 + 1e-6


@pytest.mark.parametrize("in_hardware", [False, True])
def test_an_argmax_takes_the_first_of_equal_values_on_the_host_and_in_hardware(in_hardware, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 4, 4, 3), 0.03, 8)
    y = net.conv(x, net.weights(4, 1, 1, 3), (1, 4, 4, 4), activation=RELU_N1_TO_1, scale=0.4)
    axis = net.constant(np.array(3, np.int32))
    output = net.op("ARG_MAX", [y, axis], net.tensor((1, 4, 4), kind="INT32"), 2, table="ArgMaxOptions", outputType=2)
    path = net.write(tmp_path, output)
    network, name = import_network(path, argmax=0 if in_hardware else None), net.tensors[output].name
    ((source, kind),) = network.graph.inputs.items()
    images = random_integers(np.random.default_rng(3), kind, 8)
    assert network.tail is not None
    assert ("ArgMax" in {node.op_type for node in network.tail.graph.node}) != in_hardware
    assert network.zones.tail.operators == ({} if in_hardware else {"ARG_MAX": 1})
    values = execute(network.graph, {source: images}, keep=network.graph.outputs)
    found = run_tail(network.tail, network.graph, network.tail_inputs, values)[name]
    assert (found == run_outputs(path, network.graph, images, [name])[name]).all()


@pytest.mark.parametrize("argmax", [None, 2])
def test_a_build_of_a_tflite_file_is_verified_against_litert(argmax, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 5, 5, 2), 0.03, -128)
    a = net.conv(x, net.weights(4, 3, 3, 2), (1, 5, 5, 4), activation=RELU)
    y = net.pool("AVERAGE_POOL_2D", net.add(a, a, 0.11), (1, 1, 1, 4), 5, 1, VALID)
    y = net.dense(net.conv(y, net.weights(6, 1, 1, 4), (1, 1, 1, 6)), net.weights(3, 6))
    y = net.op("SOFTMAX", [y], net.tensor((1, 3), 1 / 256, -128), 2, table="SoftmaxOptions", beta=1.0)
    codesign.export(net.write(tmp_path, y), tmp_path / "build", argmax=argmax)
    stages = ["litert", "onnxruntime", "graph", "tail"]
    verdict = codesign.verify(tmp_path / "build", images=3, stages=stages)
    assert verdict.exact, verdict
    assert {stage.name for stage in verdict.stages} == set(stages)
    assert set(verdict.skipped) == {"hls", "blocks", "rtl"}
    for stage in ("qonnx", "brevitas"):
        with pytest.raises(BuildError, match="was made from a"):
            codesign.verify(tmp_path / "build", stages=[stage])


def test_a_tflite_file_says_the_type_of_its_input_itself(tmp_path):
    net = TFLiteNet()
    path = net.write(tmp_path, net.dense(net.input((1, 8)), net.weights(3, 8)))
    with pytest.raises(GraphError, match="says the type of its input itself"):
        codesign.export(path, tmp_path / "build", inputs=["x=uint8"])
