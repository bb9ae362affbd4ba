"""Activation functions that rise throughout become the thresholds of the next quantizer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.frontend.qonnx import import_qonnx
from tests.onnx_nets import QonnxNet, assert_executors_agree

RNG = np.random.default_rng(41)
Build = Callable[[QonnxNet, str], str]

FUNCTIONS: dict[str, Build] = {
    "Sigmoid": lambda n, x: n.op("Sigmoid", x),
    "Tanh": lambda n, x: n.op("Tanh", x),
    "Exp": lambda n, x: n.op("Exp", x),
    "Erf": lambda n, x: n.op("Erf", x),
    "Softplus": lambda n, x: n.op("Softplus", x),
    "Softsign": lambda n, x: n.op("Softsign", x),
    "LeakyRelu": lambda n, x: n.op("LeakyRelu", x, alpha=0.13),
    "Elu": lambda n, x: n.op("Elu", x, alpha=0.7),
    "PRelu": lambda n, x: n.op("PRelu", x, n.const(np.array([0.1, 0.0, 0.31]).reshape(3, 1, 1))),
    "of a scaled sum": lambda n, x: n.op("Sigmoid", n.op("Mul", n.op("Add", x, n.const(0.37)), n.const(-0.71))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_before_a_quantizer_is_exact(name: str) -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.conv(net.quant("image", 0.25, 4, signed=1), np.random.default_rng(4).integers(-3, 4, (3, 2, 3, 3)), 0.13)
    graph = assert_executors_agree(net.model(net.quant(FUNCTIONS[name](net, x), 0.07193, 5, signed=1)), 8)
    assert [node.op.kind for node in graph.nodes] == ["conv", "threshold"]


TURNING: dict[str, Build] = {
    "LeakyRelu that falls": lambda n, x: n.op("LeakyRelu", x, alpha=-0.1),
    "PRelu that falls": lambda n, x: n.op("PRelu", x, n.const(np.array([0.1, -0.2, 0.31]).reshape(3, 1, 1))),
    "SiLU": lambda n, x: n.op("Mul", x, n.op("Sigmoid", x)),
    "SiLU, clipped": lambda n, x: n.op("Clip", n.op("Mul", x, n.op("Sigmoid", x)), n.const(-0.1), n.const(3.0)),
    "SiLU, its sigmoid quantized": lambda n, x: n.op("Mul", x, n.quant(n.op("Sigmoid", x), 1 / 251.3, 8)),
    "a clip behind, at multiples of the scale": lambda n, x: n.op(
        "Clip", n.op("Tanh", x), n.const(-0.093177 * 4), n.const(0.093177 * 5)
    ),
    "a scale a channel behind": lambda n, x: n.op(
        "Mul", n.op("HardSwish", x), n.const(np.array([1, -1.3, 2]).reshape(3, 1, 1))
    ),
    "GELU of its parts": lambda n, x: n.op(
        "Mul", n.op("Mul", x, n.const(0.5)), n.op("Add", n.op("Erf", n.op("Div", x, n.const(1.41))), n.const(1.0))
    ),
    "Mish of its parts": lambda n, x: n.op("Mul", x, n.op("Tanh", n.op("Softplus", x))),
    "a square": lambda n, x: n.op("Mul", x, x),
    "a quotient": lambda n, x: n.op("Div", x, n.op("Add", n.op("Abs", x), n.const(1.0))),
    "a sum": lambda n, x: n.op("Add", x, n.quant(n.op("Tanh", x), 1 / 121.3, 8, signed=1)),
    "a difference": lambda n, x: n.op("Sub", n.op("Cos", x), n.op("Neg", n.op("Abs", x))),
    "the larger one": lambda n, x: n.op("Max", x, n.op("Mul", x, n.const(-0.3))),
    "a power": lambda n, x: n.op("Pow", n.op("Abs", x), n.const(1.5)),
}


@pytest.mark.parametrize("name", [*TURNING, *FUNCTIONS])
def test_any_function_of_integers_of_few_bits_is_exact(name: str) -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.conv(
        net.quant("image", 0.25, 4, signed=1), np.random.default_rng(4).integers(-3, 4, (3, 2, 3, 3)), 0.1371113
    )
    x = net.quant(x, 0.093177, 8, signed=1)
    graph = assert_executors_agree(net.model(net.quant((TURNING | FUNCTIONS)[name](net, x), 0.07193, 7, signed=1)), 8)
    assert [node.op.kind for node in graph.nodes][2:] == ["lookup"]


@pytest.mark.parametrize("name", list(TURNING)[:3])
def test_a_function_that_rises_and_falls_of_wide_sums_is_refused(name: str) -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.conv(net.quant("image", 0.25, 8, signed=1), RNG.integers(-3, 4, (3, 2, 3, 3)))
    with pytest.raises(GraphError, match="which both rises and falls; put a quantizer of at most 10 bits before"):
        import_qonnx(net.model(net.quant(TURNING[name](net, x), 0.07, 5, signed=1)))


def test_a_table_is_narrowed_by_a_clip_behind_its_quantizer() -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.quant("image", 0.25, 8, signed=1)
    x = net.op("Relu", net.quant(net.op("Mul", x, net.op("Sigmoid", x)), 0.25, 8, signed=1))
    graph = assert_executors_agree(net.model(net.quant(net.conv(x, RNG.integers(-3, 4, (3, 2, 3, 3))), 2.0)), 8)
    assert [node.op.kind for node in graph.nodes] == ["lookup", "conv", "requant"]


def test_what_is_no_number_is_refused() -> None:
    net = QonnxNet(1, 2, 5, 5)
    with pytest.raises(GraphError, match="no number for some inputs"):
        import_qonnx(net.model(net.quant(net.op("Sqrt", net.quant("image", 0.25, 4, signed=1)), 0.07, 5)))


def test_a_table_a_channel_costs_more_than_a_few_thresholds_a_channel() -> None:
    net = QonnxNet(1, 40, 2, 2)
    slopes = np.linspace(0.01, 0.4, 40).reshape(40, 1, 1)
    x = net.op("PRelu", net.quant("image", 0.25, 8, signed=1), net.const(slopes))
    graph = assert_executors_agree(net.model(net.quant(x, 2.7193, 3, signed=1)), 8)
    assert slopes.size == graph.nodes[0].op.thresholds.shape[0]


def test_a_layer_may_not_read_a_function_without_a_quantizer() -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.conv(net.op("Tanh", net.quant("image", 0.25, 4, signed=1)), RNG.integers(-3, 4, (3, 2, 3, 3)))
    with pytest.raises(GraphError, match="result of Tanh"):
        import_qonnx(net.model(net.quant(x, 0.5, 4)))
