"""Files whose channels come last: transposes are put off until they meet their inverse, and values stay the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.quantization import QuantFormat

from codesign.frontend.channels_first import channels_first, in_file
from codesign.frontend.load import simplified
from codesign.frontend.qonnx import import_network
from codesign.frontend.tail_choice import has_channels_last
from codesign.verification.outputs import Output
from tests.qdq_files import FORMS, RNG, FloatNet, assert_kernels_agree, quantized

SHAPE = (1, 6, 8, 3)


def first(net: FloatNet, x: str) -> str:
    return net.op("Transpose", x, perm=[0, 3, 1, 2])


def last(net: FloatNet, x: str) -> str:
    return net.op("Transpose", x, perm=[0, 2, 3, 1])


def conv(net: FloatNet, x: str, outputs: int, inputs: int, size: int = 3, **attributes: object) -> str:
    pads = attributes.pop("pads", [size // 2] * 4)
    return last(net, net.conv(first(net, x), outputs, inputs, size, pads=pads, **attributes))


def dense(net: FloatNet) -> str:
    """Constants a channel, an average over rows and columns, and a matrix."""
    x = net.op("Relu", net.op("Add", conv(net, "image", 4, 3), net.const(RNG.normal(size=4))))
    x = conv(net, net.op("PRelu", x, net.const(RNG.uniform(0.1, 0.3, (1, 1, 4)))), 4, 4, group=1)
    return net.op("MatMul", net.op("ReduceMean", x, axes=[1, 2], keepdims=0), net.const(RNG.normal(size=(4, 5))))


def flattened(net: FloatNet) -> str:
    """Rows of the matrix are in the order of (H, W, C)."""
    x = net.op("Relu", conv(net, "image", 2, 3, strides=[2, 2]))
    x = net.op("Reshape", x, net.const([1, -1], np.int64))
    return net.op("MatMul", x, net.const(RNG.normal(size=(24, 5))))


def gated(net: FloatNet) -> str:
    """Squeeze and excitation by way of a vector, channels put together along the last axis, a border."""
    x = net.op("Relu", conv(net, "image", 4, 3))
    gate = net.op("Reshape", net.op("ReduceMean", x, axes=[1, 2], keepdims=0), net.const([1, 1, 1, 4], np.int64))
    x = net.op("Concat", net.op("Mul", x, net.op("Sigmoid", conv(net, gate, 4, 4, 1))), x, axis=3)
    x = net.op("Pad", x, net.const([0, 1, 0, 0, 0, 1, 0, 0], np.int64))
    return conv(net, x, 5, 8, pads=[0, 1, 0, 1])


def segmented(net: FloatNet) -> str:
    """A matrix pixel by pixel, a larger map, and a softmax along the last axis."""
    x = net.op("MatMul", net.op("Relu", conv(net, "image", 4, 3, strides=[2, 2])), net.const(RNG.normal(size=(4, 5))))
    x = net.op("Resize", x, "", net.const([1, 2, 2, 1]), mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip  # noqa: E501
    return net.op("Softmax", conv(net, x, 4, 5), axis=-1)


NETWORKS: tuple[Callable[[FloatNet], str], ...] = (dense, flattened, gated, segmented)


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
def test_integers_are_those_of_the_file(build: Callable[[FloatNet], str], tmp_path: Path) -> None:
    model = quantized(tmp_path, build, SHAPE, QuantFormat.QOperator, **FORMS["U8S8 per channel"])
    graph = assert_kernels_agree(model, emitted=build is gated)
    assert [kind.shape for kind in graph.inputs.values()] == [(3, 6, 8)]


def test_quantizers_between_transposes_are_no_obstacle(tmp_path: Path) -> None:
    assert_kernels_agree(quantized(tmp_path, dense, SHAPE, **FORMS["S8S8"]), emitted=False)


def test_transposes_that_meet_their_inverse_are_gone() -> None:
    net = FloatNet(SHAPE)
    model = net.model(net.op("Relu", conv(net, net.op("Relu", conv(net, "image", 4, 3)), 4, 4)))
    moved = channels_first(simplified(model))
    assert [node.op_type for node in moved.model.graph.node] == ["Conv", "Relu", "Conv", "Relu", "Transpose"]
    assert moved.orders["image"] == (0, 2, 3, 1)


def test_a_map_of_the_tail_is_read_with_its_channels_first(tmp_path: Path) -> None:
    network = import_network(quantized(tmp_path, segmented, SHAPE, **FORMS["U8S8 per channel"]))
    assert network.tail is not None
    (output,) = network.tail.graph.output
    assert has_channels_last(network.tail, output.name)
    values = np.arange(96.0).reshape(1, 1, 6, 8, 2)
    read = Output("y", (2, 6, 8), real=True, channels_last=True).values({}, {"y": values})
    np.testing.assert_array_equal(read, values[0].transpose(0, 3, 1, 2))


def test_an_input_is_given_to_the_file_with_its_own_axes() -> None:
    values = np.arange(24).reshape(2, 3, 4)
    assert in_file(values, (1, 3, 4, 2), (0, 2, 3, 1))[0, 2, 1, 1] == values[1, 2, 1]
    assert in_file(values, (1, 24), None).shape == (1, 24)


def test_a_shuffle_of_channels_stays_one() -> None:
    net = FloatNet((1, 4, 3, 3))
    x = net.op("Reshape", "image", net.const([1, 2, 2, 3, 3], np.int64))
    x = net.op("Transpose", x, perm=[0, 2, 1, 3, 4])
    model = net.model(net.op("Reshape", x, net.const([1, 4, 3, 3], np.int64)))
    moved = channels_first(simplified(model)).model
    assert [node.op_type for node in moved.graph.node] == ["Reshape", "Transpose", "Reshape"]
    onnx.checker.check_model(moved.model)
