"""TFLite files that are none, are damaged, or cannot be exact, are refused in one line: what, where and the remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codesign.errors import CodesignError, GraphError
from codesign.frontend.tflite.parse import load_model, parse
from codesign.frontend.tflite.read import import_network
from tests.tflite_files import SAME, VALID, TFLiteNet


def layer(net: TFLiteNet, x: int) -> int:
    return net.conv(x, net.weights(3, 3, 3, 2), (1, 6, 6, 3))


def float_file(net: TFLiteNet) -> int:
    net.inputs = [net.tensor((1, 6, 6, 2), kind="FLOAT32")]
    return net.op("RELU", net.inputs, net.tensor((1, 6, 6, 2), kind="FLOAT32"))


def dynamic_range_file(net: TFLiteNet) -> int:
    net.inputs = [net.tensor((1, 8), kind="FLOAT32")]
    weight = net.constant(net.weights(3, 8), 0.02)
    y = net.tensor((1, 3), kind="FLOAT32")
    return net.op("FULLY_CONNECTED", [*net.inputs, weight, -1], y, 3, table="FullyConnectedOptions")


def float_island(net: TFLiteNet) -> int:
    y = layer(net, net.input((1, 6, 6, 2)))
    real = net.op("DEQUANTIZE", [y], net.tensor((1, 6, 6, 3), kind="FLOAT32"), 2)
    real = net.op("TANH", [real], net.tensor((1, 6, 6, 3), kind="FLOAT32"))
    return net.op("QUANTIZE", [real], net.tensor((1, 6, 6, 3), 0.01))


def unknown_operator(net: TFLiteNet) -> int:
    y = layer(net, net.input((1, 6, 6, 2)))
    return net.op("FLOOR_DIV", [y, y], net.tensor((1, 6, 6, 3), 0.1), table="FloorDivOptions")


def newer_version(net: TFLiteNet) -> int:
    y = layer(net, net.input((1, 6, 6, 2)))
    return net.op("RELU", [y], net.tensor((1, 6, 6, 3), 0.1), 99)


def unknown_activation(net: TFLiteNet) -> int:
    return net.conv(net.input((1, 6, 6, 2)), net.weights(3, 3, 3, 2), (1, 6, 6, 3), activation=4)


def softmax_inside(net: TFLiteNet) -> int:
    y = layer(net, net.input((1, 6, 6, 2)))
    y = net.op("SOFTMAX", [y], net.tensor((1, 6, 6, 3), 1 / 256, -128), 2, table="SoftmaxOptions", beta=1.0)
    return net.conv(y, net.weights(3, 3, 3, 3), (1, 6, 6, 3))


def average_with_border(net: TFLiteNet) -> int:
    return net.pool("AVERAGE_POOL_2D", net.input((1, 16, 16, 2)), (1, 16, 16, 2), 15, 1, SAME)


def border_of_another_value(net: TFLiteNet) -> int:
    x = net.input((1, 6, 6, 2), 0.03, 21)
    around = net.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    value = net.tensor((1,), 0.03, 21, np.array([0], np.int8))
    y = net.op("PADV2", [x, around, value], net.tensor((1, 8, 8, 2), 0.03, 21))
    return net.conv(y, net.weights(3, 3, 3, 2), (1, 6, 6, 3), padding=VALID)


def border_before_pooling(net: TFLiteNet) -> int:
    x = net.input((1, 6, 6, 2), 0.03, 21)
    around = net.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    y = net.op("PAD", [x, around], net.tensor((1, 8, 8, 2), 0.03, 21))
    return net.pool("MAX_POOL_2D", y, (1, 4, 4, 2), 2, 2, VALID)


def sixteen_bits(net: TFLiteNet) -> int:
    x = net.input((1, 8), 0.03, 0, "INT16")
    weight = net.constant(net.weights(3, 8), 0.02)
    return net.op("FULLY_CONNECTED", [x, weight, -1], net.tensor((1, 3), 0.1, 0, kind="INT16"), 4, table="FullyConnectedOptions")  # fmt: skip  # noqa: E501


def several_images(net: TFLiteNet) -> int:
    x = net.input((2, 6, 6, 2))
    return net.conv(x, net.weights(3, 3, 3, 2), (2, 6, 6, 3))


def only_an_input(net: TFLiteNet) -> int:
    x = net.input((1, 6, 6, 2))
    return net.op("RESHAPE", [x], net.tensor((1, 72), 0.05, 0))


REFUSED = {
    float_file: "nothing in it is quantized",
    dynamic_range_file: "only its weights are quantized: activations are real numbers",
    float_island: "TANH computes with real numbers",
    unknown_operator: "operator 'FLOOR_DIV' is not supported",
    newer_version: "version 99 of RELU is not known",
    unknown_activation: "fused_activation_function = 4 of CONV_2D is not supported",
    softmax_inside: "SOFTMAX stays on the host, and layers follow it",
    average_with_border: "averages at the border leave out the padding",
    border_of_another_value: "pads with another value than 0",
    border_before_pooling: "takes the maximum with a border of zeros",
    sixteen_bits: "is INT16",
    several_images: r"has the shape \[2, 6, 6, 2\]",
    only_an_input: "comes from the input with nothing in between",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_what_cannot_be_exact_is_refused_with_a_place_and_a_remedy(make, tmp_path):
    net = TFLiteNet()
    path = net.write(tmp_path, make(net))
    with pytest.raises(GraphError, match=REFUSED[make]) as refused:
        import_network(path)
    assert refused.value.where
    assert refused.value.remedy
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"TFL3", b"\x1c\0\0\0TFL3", b"\x08\0\0\0ONNX" + bytes(64), bytes(4) + b"TFL3" + b"\xff" * 200]
)
def test_a_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(content)
    with pytest.raises(GraphError, match="TFLite") as refused:
        import_network(path)
    assert refused.value.where == str(path)


def small() -> bytes:
    net = TFLiteNet()
    y = layer(net, net.input((1, 6, 6, 2)))
    y = net.op("LOGISTIC", [y], net.tensor((1, 6, 6, 3), 1 / 256, -128))
    return net.bytes(net.add(y, y, 0.01))


def test_a_truncated_file_is_refused_wherever_it_ends():
    content = small()
    for end in range(0, len(content) - 1, 7):
        with pytest.raises(GraphError):
            parse(content[:end])


def test_damaged_bytes_are_refused_or_make_another_network(tmp_path):
    content, path, rng = small(), tmp_path / "net.tflite", np.random.default_rng(2)
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.integers(8, len(content), 3):
            damaged[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
        path.write_bytes(damaged)
        try:
            import_network(path)
        except CodesignError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 20


def test_a_file_of_another_name_is_known_by_its_first_bytes(tmp_path):
    path = tmp_path / "net.bin"
    path.write_bytes(small())
    assert load_model(path).operators[0].kind == "CONV_2D"


@pytest.mark.parametrize("name", ["foreign.tflite", "missing.tflite"])
def test_the_command_line_refuses_in_one_line_and_leaves_nothing(name, tmp_path):
    (tmp_path / "foreign.tflite").write_bytes(b"no such thing")
    command = [str(Path(sys.executable).parent / "codesign"), "export", name, "--out", "build"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 2
    assert len(found.stderr.strip().splitlines()) == 1, found.stderr
    assert not (tmp_path / "build").exists()
