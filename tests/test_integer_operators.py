"""Operators on codes (onnxruntime's QOperator format) are read as its kernels compute them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from onnxruntime.quantization import QuantFormat, QuantType

from codesign.errors import GraphError
from codesign.frontend.integer_operators import with_real_operators
from codesign.frontend.qonnx import import_qonnx
from tests.qdq_files import FORMS, RNG, FloatNet, assert_kernels_agree, quantized


def everything(net: FloatNet) -> str:
    """Every operator of the format: layers, sums, products, activations, channels, poolings and a softmax."""
    x = net.op("LeakyRelu", net.conv("image", 4, 3, 3, pads=[1, 1, 1, 1]), alpha=0.1)
    y = net.op("Add", net.conv(x, 4, 4, 1), x)
    gate = net.op("Sigmoid", net.conv(net.op("GlobalAveragePool", y), 4, 4, 1))
    x = net.op("Concat", net.op("Mul", y, gate), x, axis=1)
    x = net.op("AveragePool", net.op("MaxPool", x, kernel_shape=[2, 2], strides=[1, 1]), kernel_shape=[3, 3])
    x = net.op("Flatten", net.op("Relu", net.conv(x, 4, 8, 3)))
    x = net.op("MatMul", x, net.const(RNG.normal(size=(4, 5))))
    x = net.op("Gemm", x, net.const(RNG.normal(size=(5, 6))), net.const(RNG.normal(size=6)))
    return net.op("Softmax", x, axis=1)


WEIGHTS = {"U8U8": {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QUInt8}}


@pytest.mark.parametrize("form", ["U8S8 per channel", "S8S8", "U8U8"])
def test_integers_are_those_of_onnxruntimes_kernels(form: str, tmp_path: Path) -> None:
    options = (FORMS | WEIGHTS)[form]
    model = quantized(tmp_path, everything, quant_format=QuantFormat.QOperator, **options)
    kinds = {node.op_type for node in model.graph.node}
    assert {"QLinearConv", "QLinearAdd", "QLinearMul", "QLinearConcat", "QLinearSigmoid", "QLinearSoftmax"} <= kinds
    assert_kernels_agree(model)


def test_channels_that_come_last_are_transposed_around_the_operator() -> None:
    net = FloatNet()
    scale, zero = net.const(0.1), net.const(3, np.uint8)
    codes = net.op("QuantizeLinear", "image", scale, zero)
    pooled = helper.make_node(
        "QLinearGlobalAveragePool", [codes, scale, zero, scale, zero], ["y"], domain="com.microsoft", channels_last=1
    )
    net.nodes.append(pooled)
    found = [node.op_type for node in with_real_operators(net.model("y")).graph.node]
    assert found == [
        "QuantizeLinear", "DequantizeLinear", "Transpose", "GlobalAveragePool", "Transpose", "QuantizeLinear"
    ]  # fmt: skip


def test_a_node_that_lacks_an_input_is_refused() -> None:
    net = FloatNet()
    codes = net.op("QuantizeLinear", "image", net.const(0.1), net.const(3, np.uint8))
    net.nodes.append(helper.make_node("QLinearSigmoid", [codes, net.const(0.1)], ["y"], domain="com.microsoft"))
    with pytest.raises(GraphError, match="QLinearSigmoid with 2 inputs is malformed"):
        import_qonnx(net.model("y"))


def test_quantizers_of_onnxruntimes_own_domain_are_onnx_s(tmp_path: Path) -> None:
    def build(net: FloatNet) -> str:
        return net.conv(net.op("Relu", net.conv("image", 4, 3, 3)), 2, 4, 1)

    model = quantized(tmp_path, build, extra_options={"UseQDQContribOps": True})
    assert {node.domain for node in model.graph.node if node.op_type == "QuantizeLinear"} == {"com.microsoft"}
    assert_kernels_agree(model)
