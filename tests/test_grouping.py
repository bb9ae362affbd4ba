"""Group convolution in PyTorch: constant size and constant number of groups, counted and exported."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from brevitas.export import export_qonnx
from onnx_nets import assert_executors_agree
from pydantic import ValidationError
from torch import Tensor, nn

from codesign.networks.base import Groups
from codesign.nn.layers import FloatLayers, QuantLayers, channel_shuffle, plain
from codesign.recipe import Quantization

RESNEXT50 = [(128, 56, 3), (256, 28, 4), (512, 14, 6), (1024, 7, 3)]
"""Channels, rows and number of its 3x3 layers, strides of 2 lying before them."""


def counted(groups: Groups) -> tuple[int, int, list[int]]:
    """Parameters, multiplications and group sizes by stage of ResNeXt-50's 3x3 layers."""
    parameters, macs, sizes = 0, 0, []
    with torch.device("meta"):
        for channels, size, count in RESNEXT50:
            unit = FloatLayers().conv(channels, channels, 3, groups=groups.of(channels, channels))
            parameters += count * unit.conv.weight.numel()
            macs += count * unit.conv.weight.numel() * size * size
            sizes.append(channels // unit.conv.groups)
    return parameters, macs, sizes


def test_thirty_two_groups_are_resnext_50() -> None:
    parameters, macs, sizes = counted(Groups(number=32))
    assert (round(parameters / 1e6, 3), round(macs / 1e6)) == (1.415, 231)
    assert sizes == [4, 8, 16, 32]


@pytest.mark.parametrize("size", [1, 2, 8, 32, 128])
def test_a_constant_size_costs_multiplications_in_proportion(size: int) -> None:
    parameters, macs, sizes = counted(Groups(size=size))
    assert sizes == [size] * 4
    assert macs == size * sum(9 * channels * rows * rows * count for channels, rows, count in RESNEXT50)
    assert round(macs / size / 1e6, 2) == 24.84
    assert parameters == size * sum(9 * channels * count for channels, _, count in RESNEXT50)


def test_eight_channels_a_group_have_the_parameters_of_the_closed_form() -> None:
    assert round(counted(Groups(size=8))[0] / 1e6, 3) == 0.544


def test_layers_of_few_channels_are_grouped_as_far_as_they_go() -> None:
    assert [Groups(size=8).of(channels, 16) for channels in (4, 8, 16)] == [1, 1, 2]
    assert [Groups(number=8).of(channels, 16) for channels in (4, 8, 16)] == [4, 8, 8]


@pytest.mark.parametrize("groups", [Groups(size=3), Groups(number=3)])
def test_channels_that_do_not_divide_are_refused(groups: Groups) -> None:
    with pytest.raises(ValueError, match="8 input and 9 output channels do not divide into"):
        groups.of(8, 9)


@pytest.mark.parametrize("content", [{}, {"size": 2, "number": 2}, {"size": 0}, {"sizes": 3}])
def test_a_description_says_one_thing(content: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Groups.model_validate(content)


def test_shuffled_channels_are_torchs() -> None:
    x = torch.randn(2, 12, 3, 3)
    assert torch.equal(channel_shuffle(x, 3), F.channel_shuffle(x, 3))


class Grouped(nn.Module):
    """Group convolutions of both forms around a shuffle, with strides, more and fewer outputs than inputs."""

    def __init__(self) -> None:
        super().__init__()
        layers = QuantLayers(Quantization(calibration_batches=2))
        self.quant = layers.image()
        self.stem = layers.conv(3, 12, 3, stem=True)
        self.spatial = layers.conv(12, 24, 3, stride=2, groups=Groups(size=4).of(12, 24))
        self.pointwise = layers.conv(24, 12, 1, groups=Groups(number=4).of(24, 12))
        self.output = layers.output(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.spatial(self.stem(self.quant(x)))
        return plain(self.output(self.pointwise(channel_shuffle(x, 3))))


@pytest.mark.parametrize("dynamo", [False, True])
def test_quantized_groups_are_the_same_in_every_executor(dynamo: bool) -> None:
    torch.manual_seed(0)
    network = Grouped().train()
    with torch.no_grad():
        for _ in range(4):
            network(torch.randint(0, 256, (2, 3, 8, 8)) / 256)
    model = export_qonnx(
        network.eval(), args=torch.zeros(1, 3, 8, 8), export_path=None, opset_version=19, dynamo=dynamo
    )
    graph = assert_executors_agree(model)
    kinds = [node.op.kind for node in graph.nodes if node.op.kind != "requant"]
    assert kinds == ["conv", "group_conv", "shuffle", "group_conv", "conv"]
    assert [node.op.groups for node in graph.nodes if node.op.kind == "group_conv"] == [3, 4]
