"""Networks trained elsewhere, as Brevitas' defaults make them: exact in every stage that a QONNX file has."""

from __future__ import annotations

from pathlib import Path

import brevitas.nn as qnn
import onnx
import pytest
import torch
from brevitas.export import export_qonnx
from brevitas.quant.binary import SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst
from brevitas.quant.scaled_int import Int8ActPerTensorFloat, Int8WeightPerChannelFloat, Uint8ActPerTensorFloat
from brevitas.quant.ternary import SignedTernaryWeightPerTensorConst
from torch import nn

import codesign
from tests.onnx_nets import assert_executors_agree
from tests.stages import OF_AN_ONNX_FILE

WEIGHTS = {"weight_quant": Int8WeightPerChannelFloat, "bias": False}


def sign() -> qnn.QuantIdentity:
    return qnn.QuantIdentity(act_quant=SignedBinaryActPerTensorConst)


def relu(bits: int) -> qnn.QuantReLU:
    return qnn.QuantReLU(act_quant=Uint8ActPerTensorFloat, bit_width=bits)


def separable() -> tuple[nn.Module, tuple[int, ...]]:
    """Convolution, depthwise, pointwise, pooling and a classifier; 4, 3 and 2 bits, a scale per channel."""
    return nn.Sequential(
        qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, bit_width=8),
        qnn.QuantConv2d(2, 6, 3, padding=1, weight_bit_width=4, **WEIGHTS),
        nn.BatchNorm2d(6),
        relu(4),
        qnn.QuantConv2d(6, 6, 3, groups=6, weight_bit_width=3, **WEIGHTS),
        nn.BatchNorm2d(6),
        relu(3),
        qnn.QuantConv2d(6, 8, 1, weight_bit_width=2, weight_quant=Int8WeightPerChannelFloat, bias=True),
        relu(2),
        nn.MaxPool2d(2),
        nn.Flatten(),
        qnn.QuantLinear(72, 5, weight_bit_width=4, **WEIGHTS),
    ), (2, 8, 8)


def perceptron() -> tuple[nn.Module, tuple[int, ...]]:
    """Bipolar input, weights and activations, then ternary weights and 4-bit activations."""
    binary = {"weight_quant": SignedBinaryWeightPerTensorConst, "bias": False}
    return nn.Sequential(
        nn.Flatten(),
        sign(),
        qnn.QuantLinear(30, 12, **binary),
        nn.BatchNorm1d(12),
        sign(),
        qnn.QuantLinear(12, 9, weight_quant=SignedTernaryWeightPerTensorConst, bias=True),
        nn.BatchNorm1d(9),
        relu(4),
        qnn.QuantLinear(9, 4, weight_bit_width=4, **WEIGHTS),
    ), (30,)


class Residual(nn.Module):
    """Two branches, one of them the input, that one quantizer brings to the same scale before they are added."""

    def __init__(self) -> None:
        super().__init__()
        self.input = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, bit_width=4)
        self.branch = nn.Sequential(
            qnn.QuantConv2d(3, 4, 1, weight_bit_width=4, **WEIGHTS),
            nn.BatchNorm2d(4),
            relu(3),
            qnn.QuantConv2d(4, 3, 3, padding=1, weight_bit_width=3, **WEIGHTS),
            nn.BatchNorm2d(3),
        )
        self.shared = qnn.QuantIdentity(act_quant=Int8ActPerTensorFloat, bit_width=5)
        self.output = relu(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.input(x)
        return self.output(self.shared(self.branch(x)) + self.shared(x))


def residual() -> tuple[nn.Module, tuple[int, ...]]:
    return Residual(), (3, 5, 6)


NETWORKS = {"separable": separable, "perceptron": perceptron, "residual": residual}


@pytest.fixture(scope="module", params=NETWORKS)
def model(request: pytest.FixtureRequest) -> onnx.ModelProto:
    """After a few steps that set scales and statistics, none of them a round number."""
    torch.manual_seed(3)
    network, shape = NETWORKS[request.param]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, -1.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    for _ in range(4):
        network(torch.randn(32, *shape))
    network.eval()
    return export_qonnx(network, args=torch.zeros(1, *shape))


def test_all_tensors_are_what_qonnx_and_onnxruntime_compute(model: onnx.ModelProto) -> None:
    graph = assert_executors_agree(model, count=16)
    kinds = {node.op.kind for node in graph.nodes}
    assert "threshold" in kinds and "requant" not in kinds


@pytest.mark.parametrize("model", [pytest.param("separable", marks=pytest.mark.slow), "perceptron"], indirect=True)
def test_every_stage_of_a_build_is_exact(model: onnx.ModelProto, tmp_path: Path) -> None:
    onnx.save(model, tmp_path / "network.onnx")
    codesign.export(tmp_path / "network.onnx", tmp_path / "build")
    verdict = codesign.verify(tmp_path / "build", images=3)
    assert verdict.exact, str(verdict.first_mismatch)
    assert [stage.name for stage in verdict.stages] == list(OF_AN_ONNX_FILE)
    assert min(stage.tensors for stage in verdict.stages) >= 5
