"""Brevitas networks become integer graphs that compute the same bits, whichever exporter of PyTorch wrote the file."""

from __future__ import annotations

from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from brevitas.export import export_qonnx
from brevitas.inject.enum import ScalingImplType
from brevitas.quant.fixed_point import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerChannelFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from brevitas.quant.scaled_int import Int32Bias
from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from codesign.frontend.export import export_qonnx as export_recipe
from codesign.frontend.qonnx import import_qonnx
from codesign.graph import execute
from codesign.recipe import load_recipe
from tests.onnx_nets import assert_executors_agree, random_images
from tests.test_nn_codenet import pair


class RawBytes(Uint8ActPerTensorFixedPoint):
    """uint8 of scale 2^-8."""

    scaling_impl_type = ScalingImplType.CONST
    scaling_init = 1.0


WEIGHTS = {"weight_quant": Int8WeightPerChannelFixedPoint, "bias_quant": Int32Bias, "bias": True}


def conv(inputs: int, outputs: int, kernel: int, bits: int = 4, **options: object) -> qnn.QuantConv2d:
    return qnn.QuantConv2d(inputs, outputs, kernel, weight_bit_width=bits, **WEIGHTS, **options)


def relu() -> qnn.QuantReLU:
    return qnn.QuantReLU(Uint8ActPerTensorFixedPoint, return_quant_tensor=True)


def plain(x: Tensor) -> Tensor:
    """The numbers of a quantized tensor; while it is exported a tensor is plain already."""
    return x.value if isinstance(x, QuantTensor) else x


def like(x: Tensor, value: Tensor) -> Tensor:
    """`value` with the scale of `x`."""
    return x.set(value=value) if isinstance(x, QuantTensor) else value


class Backbone(nn.Module):
    """Stem, max-pool, shuffle unit with groups, upsampling, and a signed output."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = qnn.QuantIdentity(RawBytes, return_quant_tensor=True)
        self.stem = conv(3, 8, 3, bits=8, stride=2, padding=1)
        self.act = relu()
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.branch = nn.Sequential(conv(4, 4, 1), relu(), conv(4, 4, 3, padding=1, groups=4))
        self.branch.extend([relu(), conv(4, 4, 3, padding=1, groups=2)])
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.head = conv(8, 5, 1)
        self.out = qnn.QuantIdentity(Int8ActPerTensorFixedPoint)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.stem(self.quant(x)))
        x = like(x, self.pool(plain(x)))
        left, right = plain(x).chunk(2, dim=1)
        right = self.act(self.branch(like(x, right)))
        y = torch.cat([left, plain(right)], dim=1)
        n, c, h, w = y.shape
        y = y.reshape(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.out(self.head(like(x, self.up(y))))


class Classifier(nn.Module):
    """Convolution, flattening, two fully connected layers."""

    def __init__(self) -> None:
        super().__init__()
        self.quant = qnn.QuantIdentity(RawBytes, return_quant_tensor=True)
        self.features = nn.Sequential(conv(3, 4, 3, stride=2), relu())
        self.fc1 = qnn.QuantLinear(4 * 7 * 7, 10, weight_bit_width=4, **WEIGHTS)
        self.act = relu()
        self.fc2 = qnn.QuantLinear(10, 3, weight_bit_width=4, **WEIGHTS)
        self.out = qnn.QuantIdentity(Int8ActPerTensorFixedPoint)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(self.quant(x)).flatten(1)
        return self.out(self.fc2(self.act(self.fc1(x))))


@pytest.fixture(scope="module", params=[Backbone, Classifier])
def network(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    net = request.param()
    for _ in range(3):
        net(torch.randint(0, 256, (2, 3, 16, 16)) / 256)
    return net.eval()


@pytest.fixture(scope="module", params=["torchscript", "dynamo"])
def model(network: nn.Module, request: pytest.FixtureRequest) -> onnx.ModelProto:
    return export_qonnx(
        network, args=torch.zeros(1, 3, 16, 16), export_path=None, opset_version=19, dynamo=request.param == "dynamo"
    )


def test_every_tensor_is_the_same_in_every_executor(model: onnx.ModelProto) -> None:
    graph = assert_executors_agree(model)
    assert set(graph.origins) == set(graph.types)


def test_the_graph_computes_what_the_brevitas_module_computes(network: nn.Module, model: onnx.ModelProto) -> None:
    graph = import_qonnx(model)
    images = random_images(graph, 4)
    ((name, kind),) = graph.inputs.items()
    (output,) = graph.outputs
    q = execute(graph, {name: images})[output]
    with torch.no_grad():
        real = network(torch.tensor(images, dtype=torch.float32) * kind.scale[0])
    real = getattr(real, "value", real)
    np.testing.assert_array_equal((q * graph.types[output].scale[0]).reshape(real.shape), real.numpy())


def test_blocks_are_named_after_modules(model: onnx.ModelProto) -> None:
    names = {node.name: node.op.kind for node in import_qonnx(model).nodes}
    expected = {"stem": "conv", "branch.0": "conv", "branch.1": "requant", "branch.2": "depthwise", "pool": "maxpool"}
    expected |= {"branch.3": "requant", "branch.4": "group_conv"}
    if "fc1" in names:
        expected = {"features.0": "conv", "features.1": "requant", "fc1": "linear", "act": "requant", "fc2": "linear"}
    assert expected.items() <= names.items()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([], marks=pytest.mark.slow),
        ["model.decoder.order=pointwise_first", "model.decoder.bound=5", "model.stem.kind=stride4"],
    ],
)
def test_a_detector_with_every_operator_is_the_same_in_every_executor(changes: list[str]) -> None:
    recipe = load_recipe(Path(__file__).parent / "recipes" / "tiny.yaml", changes)
    _, detector = pair(recipe)
    graph = assert_executors_agree(export_recipe(detector, recipe), count=2)
    kinds = {node.op.kind for node in graph.nodes}
    assert {"conv", "depthwise", "deform", "requant", "upsample", "interleave", "split", "peak"} <= kinds
    computed_before_upsampling = set(graph.types) - set(graph.origins)
    assert all(".pointwise." in name for name in computed_before_upsampling)
