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


@pytest.mark.parametrize(
    "build",
    [
        lambda n, x: n.op("LeakyRelu", x, alpha=-0.1),
        lambda n, x: n.op("PRelu", x, n.const(np.array([0.1, -0.2]).reshape(2, 1, 1))),
    ],
)
def test_a_function_that_rises_and_falls_is_refused(build: Build) -> None:
    net = QonnxNet(1, 2, 5, 5)
    with pytest.raises(GraphError, match="both rises and falls"):
        import_qonnx(net.model(net.quant(build(net, net.quant("image", 0.25, 4, signed=1)), 0.07, 5, signed=1)))


def test_a_layer_may_not_read_a_function_without_a_quantizer() -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.conv(net.op("Tanh", net.quant("image", 0.25, 4, signed=1)), RNG.integers(-3, 4, (3, 2, 3, 3)))
    with pytest.raises(GraphError, match="result of Tanh"):
        import_qonnx(net.model(net.quant(x, 0.5, 4)))
