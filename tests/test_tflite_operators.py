"""TFLite operators beyond layers: transposed convolutions, differences, constants, slices and borders, as in LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.frontend.tflite.read import import_network
from tests.tflite_files import NONE, RELU, RELU6, SAME, VALID, TFLiteNet, exact


def transposed(net, x, weight, shape, stride, padding, activation=NONE, biased=True):
    outputs = len(weight)
    scales = net.rng.uniform(0.2, 2, outputs) * 0.07 / net.scale(x) / np.sqrt(weight.size / outputs) / 60
    sizes = net.constant(np.array(shape, np.int32))
    bias = net.constant(
        net.rng.integers(-3000, 3000, outputs).astype(np.int32), (scales * net.scale(x)).astype(np.float32)
    )
    return net.op(
        "TRANSPOSE_CONV", [sizes, net.constant(weight, scales), x, *([bias] if biased else [])],
        net.tensor(shape, 0.07, -3), 4, table="TransposeConvOptions", padding=padding, strideH=stride[0],
        strideW=stride[1], fusedActivationFunction=activation,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "shape"),
    [
        ((2, 2), (2, 2), VALID, (8, 10)),
        ((3, 3), (2, 2), SAME, (8, 10)),
        ((4, 4), (2, 2), SAME, (8, 10)),
        ((3, 3), (2, 2), SAME, (7, 9)),
        ((3, 2), (2, 3), VALID, (9, 15)),
        ((3, 3), (1, 1), SAME, (4, 5)),
        ((5, 3), (2, 1), SAME, (8, 5)),
        ((1, 1), (2, 2), SAME, (8, 10)),
    ],
)
@pytest.mark.parametrize("activation", [NONE, RELU])
def test_a_transposed_convolution_is_litert_s(kernel, stride, padding, shape, activation, tmp_path):
    net = TFLiteNet(seed=activation)
    x = net.input((1, 4, 5, 3), 0.03, 17)
    y = transposed(net, x, net.weights(4, *kernel, 3), (1, *shape, 4), stride, padding, activation, bool(activation))
    exact(net.write(tmp_path, y))


@pytest.mark.parametrize("activation", [NONE, RELU6])
@pytest.mark.parametrize("scales", [(0.02, 0.02, 0.03), (0.031, 0.0173, 0.021), (0.5, 0.007, 0.4)])
def test_a_difference_is_litert_s(scales, activation, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 16, 16, 1), 0.03, -128)
    a = net.conv(x, net.weights(8, 1, 1, 1), (1, 16, 16, 8), scale=scales[0], zero=-7)
    b = net.conv(x, net.weights(8, 3, 3, 1), (1, 16, 16, 8), scale=scales[1], zero=30)
    y = net.tensor((1, 16, 16, 8), scales[2], -4)
    exact(net.write(tmp_path, net.op("SUB", [a, b], y, 2, table="SubOptions", fusedActivationFunction=activation)))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 1, 1, 3)])
@pytest.mark.parametrize("kind", ["ADD", "SUB", "SUB from", "MUL", "MAXIMUM", "MINIMUM"])
def test_a_constant_is_a_function_of_one_value_a_channel(kind, shape, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 6, 5, 3), 0.03, 8)
    same = kind in ("MAXIMUM", "MINIMUM")
    constant = net.tensor(
        shape, 0.03 if same else 0.017, 8 if same else -9, net.rng.integers(-100, 100, shape or 1).astype(np.int8)
    )
    pair = [constant, x] if kind == "SUB from" else [x, constant]
    result = net.tensor((1, 6, 5, 3), 0.03 if same else 0.05, 8 if same else 3)
    name = kind.split()[0]
    options = {} if same else {"fusedActivationFunction": RELU}
    table = "MaximumMinimumOptions" if same else f"{name.title()}Options"
    y = net.op(name, pair, result, 2, table=table, **options)
    assert [node.op.kind for node in exact(net.write(tmp_path, y), 40).nodes][1:] == []


@pytest.mark.parametrize(
    ("kind", "version", "table", "result", "zero"),
    [
        ("PRELU", 1, None, (0.05, -20), 12),
        ("GELU", 2, "GeluOptions", (0.04, -100), 12),
        ("EXP", 2, None, (0.3, -128), 12),
        ("LOG", 2, None, (0.03, 0), -128),
        ("ABS", 3, None, (0.05, -128), 12),
    ],
)
def test_further_functions_are_litert_s_for_every_code(kind, version, table, result, zero, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 16, 16, 1), 0.05, zero)
    more = [net.tensor((1, 1, 1), 0.002, 3, np.array([[[90]]], np.int8))] if kind == "PRELU" else []
    options = {"table": table} if table else {}
    exact(net.write(tmp_path, net.op(kind, [x, *more], net.tensor((1, 16, 16, 1), *result), version, **options)))


def test_channels_are_split_sliced_and_put_into_other_places(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 4, 6, 8), 0.03, 8)
    a, b = (net.tensor((1, 4, 6, 4), 0.03, 8) for _ in range(2))
    net.op("SPLIT", [net.constant(np.array(3, np.int32)), x], a, 2, table="SplitOptions", numSplits=2)
    net.operators[-1].outputs = np.array([a, b], np.int32)
    parts = [net.constant(np.array(v, np.int32)) for v in ([0, 0, 0, 1], [0, 0, 0, 3], [1, 1, 1, 1])]
    c = net.op(
        "STRIDED_SLICE", [a, *parts], net.tensor((1, 4, 6, 2), 0.03, 8), 2, table="StridedSliceOptions",
        beginMask=7, endMask=7,
    )  # fmt: skip
    bounds = [net.constant(np.array(v, np.int32)) for v in ([0, 0, 0, 2], [1, -1, 6, 2])]
    d = net.op("SLICE", [b, *bounds], net.tensor((1, 4, 6, 2), 0.03, 8), table="SliceOptions")
    e = net.op(
        "CONCATENATION", [d, c], net.tensor((1, 4, 6, 4), 0.03, 8), 2, table="ConcatenationOptions", axis=-1
    )  # fmt: skip
    f = net.op("DEPTH_TO_SPACE", [e], net.tensor((1, 8, 12, 1), 0.03, 8), table="DepthToSpaceOptions", blockSize=2)
    g = net.op("SPACE_TO_DEPTH", [f], net.tensor((1, 4, 6, 4), 0.03, 8), table="SpaceToDepthOptions", blockSize=2)
    exact(net.write(tmp_path, net.conv(g, net.weights(3, 3, 3, 4), (1, 4, 6, 3))))


@pytest.mark.parametrize("kind", ["MAX_POOL_2D", "AVERAGE_POOL_2D"])
def test_a_border_goes_into_the_pooling_behind_it(kind, tmp_path):
    net = TFLiteNet()
    x = net.input((1, 6, 7, 3), 0.03, -128)
    around = net.constant(np.array([[0, 0], [1, 1], [1, 0], [0, 0]], np.int32))
    y = net.op("PAD", [x, around], net.tensor((1, 8, 8, 3), 0.03, -128))
    exact(net.write(tmp_path, net.pool(kind, y, (1, 3, 3, 3), 3, 2, VALID)), 30)


@pytest.mark.parametrize("zero", [-128, 21])
@pytest.mark.parametrize(
    ("kernel", "stride", "shape"), [(3, 1, (6, 7)), (3, 2, (6, 7)), (2, 2, (5, 4)), (4, 3, (7, 9)), (5, 2, (3, 2))]
)
def test_averages_at_the_border_leave_out_the_padding(kernel, stride, shape, zero, tmp_path):
    net = TFLiteNet()
    x = net.input((1, *shape, 3), 0.03, zero)
    result = (1, *(-(-side // stride) for side in shape), 3)
    exact(
        net.write(tmp_path, net.pool("AVERAGE_POOL_2D", x, result, kernel, stride, SAME, RELU if zero > 0 else NONE)),
        60,
    )


def test_a_border_of_zeros_counts_where_that_of_the_pooling_does_not(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 6, 7, 3), 0.03, 12)
    around = net.constant(np.array([[0, 0], [1, 1], [1, 0], [0, 0]], np.int32))
    y = net.op("PAD", [x, around], net.tensor((1, 8, 8, 3), 0.03, 12))
    exact(net.write(tmp_path, net.pool("AVERAGE_POOL_2D", y, (1, 4, 4, 3), 3, 2, SAME)), 60)


def test_channels_of_zeros_are_added(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 6, 6, 3), 0.03, 21)
    around = net.constant(np.array([[0, 0], [0, 0], [0, 0], [1, 2]], np.int32))
    y = net.op("PAD", [x, around], net.tensor((1, 6, 6, 6), 0.03, 21))
    exact(net.write(tmp_path, net.add(y, y, 0.05, 3)))


def test_a_value_a_channel_is_added_to_a_map(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 4, 4, 3), 0.03, -20)
    axes = net.constant(np.array([1, 2], np.int32))
    highest = net.op(
        "REDUCE_MAX", [x, axes], net.tensor((1, 1, 1, 3), 0.03, -20), 2, table="ReducerOptions", keepDims=True
    )
    exact(net.write(tmp_path, net.add(x, highest, 0.05, 3)))


def test_two_computed_tensors_have_no_maximum(tmp_path):
    net = TFLiteNet()
    x = net.input((1, 4, 4, 3), 0.03, -20)
    y = net.op("RELU", [x], net.tensor((1, 4, 4, 3), 0.03, -20))
    y = net.op("MAXIMUM", [x, y], net.tensor((1, 4, 4, 3), 0.03, -20), 2, table="MaximumMinimumOptions")
    with pytest.raises(GraphError, match="MAXIMUM of two computed tensors"):
        import_network(net.write(tmp_path, y))
