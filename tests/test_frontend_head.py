"""What stands before the first quantizer: types of inputs, arithmetic on them, and networks of one dimension."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import codesign
from codesign.errors import GraphError
from codesign.frontend.inputs import declared, parse, with_types
from codesign.frontend.qonnx import import_qonnx
from tests.onnx_nets import QonnxNet, assert_executors_agree

RNG = np.random.default_rng(11)


def filters(*shape: int) -> np.ndarray:
    return RNG.integers(-3, 4, shape)


def annotated(model: onnx.ModelProto, kind: str) -> onnx.ModelProto:
    """`model` with FINN's datatype annotation of its input."""
    entry = helper.make_tensor_value_info("finn_datatype", TensorProto.FLOAT, None)
    annotation = onnx.TensorAnnotation(tensor_name="image")
    annotation.quant_parameter_tensor_names.add(key=entry.name, value=kind)
    model.graph.quantization_annotation.append(annotation)
    return model


def scaled() -> QonnxNet:
    """x / 255, mean and deviation of each channel, a quantizer of 6 bits at a free scale, and a convolution."""
    net = QonnxNet(1, 3, 6, 5)
    x = net.op("Div", "image", net.const(255.0))
    x = net.op("Sub", x, net.const(np.array([0.49, 0.48, 0.41]).reshape(1, 3, 1, 1)))
    x = net.op("Div", x, net.const(np.array([0.23, 0.22, 0.26]).reshape(1, 3, 1, 1)))
    net.quant(net.conv(net.quant(x, 0.0731, 6, signed=1), filters(4, 3, 3, 3), 0.11), 0.3, 4)
    return net


def flattened() -> QonnxNet:
    """2 x - 1 of a flattened picture made bipolar, as the networks of BNN-PYNQ begin."""
    net = QonnxNet(1, 1, 4, 4)
    x = net.op("Flatten", net.op("Div", "image", net.const(255.0)))
    x = net.bipolar(net.op("Sub", net.op("Mul", x, net.const(2.0)), net.const([1.0])))
    net.quant(net.op("MatMul", x, net.const(RNG.choice([-1, 1], (16, 5)))), 1.0, 4, signed=1)
    return net


def pooled() -> QonnxNet:
    """Max-pool and ReLU between the input's scale and its quantizer."""
    net = QonnxNet(1, 2, 6, 6)
    x = net.op("Mul", "image", net.const(np.array([0.7, 1.3]).reshape(1, 2, 1, 1)))
    x = net.op("Relu", net.op("MaxPool", net.op("Sub", x, net.const(20.0)), kernel_shape=[2, 2], strides=[2, 2]))
    net.quant(net.conv(net.quant(x, 5.3, 5), filters(3, 2, 3, 3)), 8.0, 4)
    return net


def plain() -> QonnxNet:
    """A convolution on the pictures as they are, its weights integers without a quantizer."""
    net = QonnxNet(1, 2, 5, 5)
    net.quant(net.op("Conv", "image", net.const(filters(3, 2, 3, 3))), 64.0, 4)
    return net


def divided() -> QonnxNet:
    """x / 255, which no quantizer follows, into a padded convolution; a factor behind a quantizer into another."""
    net = QonnxNet(1, 3, 6, 5)
    x = net.quant(net.conv(net.op("Div", "image", net.const(255.0)), filters(4, 3, 3, 3), 0.11, pads=[1] * 4), 0.3, 4)
    net.quant(net.conv(net.op("Mul", x, net.const(0.737)), filters(2, 4, 1, 1)), 0.3, 4)
    return net


HEADS = {"divided": divided, "scaled": scaled, "flattened": flattened, "pooled": pooled, "plain": plain}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("kind", ["UINT8", "INT4"])
def test_arithmetic_before_the_first_quantizer_is_exact(head: str, kind: str) -> None:
    net = HEADS[head]()
    graph = assert_executors_agree(annotated(net.model(net.nodes[-1].output[0]), kind), count=8)
    (found,) = graph.inputs.values()
    assert (found.lo, found.hi) == ((0, 255) if kind == "UINT8" else (-8, 7))


@pytest.mark.parametrize(
    ("text", "lo", "hi", "step", "scale"),
    [
        ("uint8", 0, 255, 1, 1.0),
        ("INT8", -128, 127, 1, 1.0),
        ("bipolar", -1, 1, 2, 1.0),
        ("fixed<8,1>", -128, 127, 1, 2.0**-7),
        ("FIXED<4,6>", -8, 7, 1, 4.0),
        ("uint8/255", 0, 255, 1, 1 / 255),
    ],
)
def test_a_type_of_an_input_is_read(text: str, lo: int, hi: int, step: int, scale: float) -> None:
    found = parse(text, "here")
    assert (found.lo, found.hi, found.step, found.scale) == (lo, hi, step, scale)


@pytest.mark.parametrize("text", ["uint", "float32", "uint99", "fixed<8>", "uint8/0", "int8 "[:3]])
def test_what_is_no_type_of_an_input_is_refused(text: str) -> None:
    with pytest.raises(GraphError, match="--input image"):
        with_types(plain().model("quant_1"), [f"image={text}"])


def test_the_error_names_the_option_that_says_the_type() -> None:
    net = scaled()
    with pytest.raises(GraphError, match="--input image=uint8"):
        import_qonnx(net.model(net.nodes[-1].output[0]))


def test_what_a_user_says_counts_more_than_a_quantizer_at_the_input() -> None:
    net = QonnxNet(1, 1, 3, 3)
    model = net.model(net.quant("image", 0.5, 4))
    assert not declared(model)
    assert [node.op.kind for node in import_qonnx(model).nodes] == []
    said = with_types(model, ["image=uint8"])
    assert [node.op.kind for node in assert_executors_agree(said).nodes] == ["requant"]


def test_bytes_as_the_element_type_say_what_the_input_takes() -> None:
    net = QonnxNet(1, 2, 5, 5)
    net.quant(net.conv(net.op("Cast", "image", to=TensorProto.FLOAT), filters(3, 2, 3, 3)), 64.0, 4)
    model = net.model(net.nodes[-1].output[0])
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    (kind,) = assert_executors_agree(model).inputs.values()
    assert (kind.lo, kind.hi) == (0, 255)


def rows() -> QonnxNet:
    """A network over one dimension: convolutions, one of them dilated, pooling, and a classifier."""
    net = QonnxNet(1, 2, 16)
    x = net.quant(net.conv(net.quant("image", 0.5, 4, signed=1), filters(4, 2, 3), pads=[1, 1]), 2.0, 3)
    x = net.op("MaxPool", x, kernel_shape=[2], strides=[2])
    x = net.quant(net.conv(x, filters(4, 4, 3), 0.3, dilations=[2], pads=[2, 2]), 1.7, 3)
    x = net.quant(net.op("AveragePool", x, kernel_shape=[2], strides=[2]), 0.5, 3)
    net.op("MatMul", net.op("Flatten", x), net.weight(filters(16, 3)))
    return net


def test_networks_of_one_dimension_are_maps_of_one_row() -> None:
    net = rows()
    graph = assert_executors_agree(net.model(net.nodes[-1].output[0]))
    assert {kind.height for kind in graph.types.values()} == {1}


def test_a_batch_norm_between_unsqueeze_and_squeeze_is_one_of_a_vector() -> None:
    net = QonnxNet(1, 6)
    x = net.op("MatMul", net.bipolar("image"), net.const(RNG.choice([-1, 1], (6, 4))))
    x = net.op("Unsqueeze", x, net.const([2], np.int64))
    parts = [
        net.const(values) for values in ([1.5, -0.7, 2.0, 0.4], [0.3, 0.1, -0.2, 0.9], [1, -1, 0, 2], [4, 9, 1, 2])
    ]
    x = net.op("Squeeze", net.op("BatchNormalization", x, *parts), net.const([2], np.int64))
    assert_executors_agree(net.model(net.bipolar(x)))


def test_a_build_keeps_the_types_that_were_given(tmp_path: Path) -> None:
    net = flattened()
    onnx.save(net.model(net.nodes[-1].output[0]), tmp_path / "net.onnx")
    with pytest.raises(GraphError, match="--input image"):
        codesign.export(tmp_path / "net.onnx", tmp_path / "build")
    codesign.export(tmp_path / "net.onnx", tmp_path / "build", inputs=["image=uint8"])
    verdict = codesign.verify(tmp_path / "build", images=2, stages=["qonnx", "onnxruntime", "graph"])
    assert verdict.exact, str(verdict.first_mismatch)
