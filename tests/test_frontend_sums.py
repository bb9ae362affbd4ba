"""Tensors of different scales that a quantizer puts together, and quantizers with zero points."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.frontend.qonnx import import_qonnx
from tests.onnx_nets import QonnxNet, assert_executors_agree

RNG = np.random.default_rng(31)


def branches(scales: tuple[float, float], bits: tuple[int, int] = (5, 4)) -> tuple[QonnxNet, list[str]]:
    """Two quantized tensors of three channels each, made of the same picture."""
    net = QonnxNet(1, 3, 4, 4)
    x = net.quant("image", scales[0], bits[0], signed=1)
    y = net.conv(x, RNG.integers(-3, 4, (3, 3, 3, 3)), 0.1137, pads=[1, 1, 1, 1])
    return net, [x, net.quant(y, scales[1], bits[1])]


SCALES = [(0.37, 0.11), (0.053, 0.71), (0.25, 0.5), (0.31, 0.1), (1.0, 1.0000001)]


@pytest.mark.parametrize("scales", SCALES)
def test_a_sum_of_two_scales_is_exact(scales: tuple[float, float]) -> None:
    net, parts = branches(scales)
    x = net.quant(net.op("Relu", net.op("Add", *parts)), 0.29, 6)
    graph = assert_executors_agree(net.model(net.quant(net.conv(x, RNG.integers(-3, 4, (2, 3, 1, 1))), 7.37, 4)), 16)
    assert [node.op.kind for node in graph.nodes if node.op.kind in ("add", "threshold")].count("add") == 1


def test_a_sum_of_two_scales_with_a_bipolar_result_is_exact() -> None:
    net, parts = branches((0.37, 0.11))
    assert_executors_agree(net.model(net.bipolar(net.op("Add", *parts))), 16)


@pytest.mark.parametrize("scales", SCALES)
def test_a_concatenation_of_two_scales_is_exact(scales: tuple[float, float]) -> None:
    net, parts = branches(scales)
    x = net.quant(net.op("Concat", *parts, axis=1), 0.4, 4, signed=1)
    assert_executors_agree(net.model(net.quant(net.conv(x, RNG.integers(-3, 4, (2, 6, 1, 1))), 7.37, 4)), 8)


def test_a_sum_of_wide_tensors_is_refused() -> None:
    net, parts = branches((0.37, 0.11), (14, 4))
    parts[1] = net.quant(net.op("Mul", parts[0], net.const(0.5)), 0.7, 8)
    with pytest.raises(GraphError, match="of more than 10 bits"):
        import_qonnx(net.model(net.quant(net.op("Add", *parts), 0.29, 6)))


@pytest.mark.parametrize("zero", [3.0, 8.0, -2.0])
def test_a_zero_point_is_exact(zero: float) -> None:
    net = QonnxNet(1, 2, 5, 5)
    x = net.quant("image", 0.5, 4, zero=zero)
    x = net.quant(net.conv(x, RNG.integers(-3, 4, (3, 2, 3, 3)), 0.25, pads=[1, 1, 1, 1]), 0.5, 4, zero=zero)
    graph = assert_executors_agree(
        net.model(net.quant(net.conv(x, RNG.integers(-3, 4, (2, 3, 3, 3))), 0.3, 5, zero=7.0))
    )
    (kind,) = graph.inputs.values()
    assert (kind.lo, kind.hi) == (-zero, 15 - zero)
