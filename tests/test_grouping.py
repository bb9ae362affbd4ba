"""Group convolution in PyTorch: constant size and constant number of groups, counted and exported."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from brevitas.export import export_qonnx
from pydantic import ValidationError
from torch import Tensor, nn

from codesign.api.export import export
from codesign.api.verify import verify
from codesign.networks.base import Groups
from codesign.nn.count import count
from codesign.nn.layers import QuantLayers, channel_shuffle, plain
from codesign.nn.network import float_network
from codesign.recipe import Quantization, load_recipe
from tests.made_once import RECIPES
from tests.onnx_nets import assert_executors_agree
from tests.stages import OF_A_RUN

WIDE = {"mobilenet": (32, 1024), "resnext-50": (128, 1024)}
"""Channels of the first and last 3x3 layer in groups."""


def grouped_layers(recipe: str, groups: Groups) -> list[tuple[int, int, int, int]]:
    """(channels, pixels of the output, weights, multiplications) of a recipe's 3x3 layers in groups."""
    found = count(load_recipe(recipe, [f"model.groups={groups.model_dump(exclude_none=True)}"]))
    blocks = [block for block in found.blocks if block.name.endswith(".grouped")]
    return [
        (block.output[0], block.output[1] * block.output[2], block.parameters - 2 * block.output[0], block.macs)
        for block in blocks
    ]


@pytest.mark.parametrize("recipe", WIDE)
@pytest.mark.parametrize(
    "groups", [Groups(size=1), Groups(size=8), Groups(size=32), Groups(number=4), Groups(number=32)]
)
def test_every_layer_of_both_networks_costs_what_the_closed_forms_say(recipe: str, groups: Groups) -> None:
    """C channels in groups of G on an output of hw pixels: G C k^2 weights, as many multiplications a pixel."""
    layers = grouped_layers(recipe, groups)
    assert (layers[0][0], layers[-1][0]) == WIDE[recipe]
    for channels, pixels, weights, macs in layers:
        size = groups.size or channels // groups.number
        assert (weights, macs) == (size * channels * 9, size * channels * 9 * pixels)


def total(recipe: str, groups: Groups) -> tuple[int, int]:
    """Weights and multiplications of the 3x3 layers in groups."""
    layers = grouped_layers(recipe, groups)
    return sum(layer[2] for layer in layers), sum(layer[3] for layer in layers)


def test_resnext_50_counts_as_published_and_in_32_groups_as_its_closed_form() -> None:
    """Xie et al., table 1: 25.0 million parameters, 4.2 billion multiplications."""
    found = count(load_recipe("resnext-50"))
    assert (found.parameters, round(found.macs / 1e9, 2)) == (25_028_904, 4.23)
    weights, macs = total("resnext-50", Groups(number=32))
    assert (round(weights / 1e6, 3), round(macs / 1e6)) == (1.415, 231)


@pytest.mark.parametrize("size", [1, 8, 128])
def test_a_constant_size_costs_multiplications_in_proportion(size: int) -> None:
    assert round(total("resnext-50", Groups(size=size))[1] / size / 1e6, 2) == 24.84


def test_eight_channels_a_group_have_the_parameters_of_the_closed_form() -> None:
    assert round(total("resnext-50", Groups(size=8))[0] / 1e6, 3) == 0.544


def test_groups_of_one_are_depthwise() -> None:
    assert count(load_recipe("mobilenet", ["model.groups={size: 1}"])).macs == count(load_recipe("mobilenet")).macs


@pytest.mark.parametrize("name", ["fashion-mobilenet", "fashion-resnext"])
def test_the_small_networks_are_whole_in_both_forms(name: str) -> None:
    for groups in ("{size: 8}", "{number: 4}"):
        network = float_network(load_recipe(name, [f"model.groups={groups}"])).eval()
        assert network(torch.zeros(1, 3, 32, 32)).scores.shape == (1, 10, 1, 1)


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


@pytest.mark.slow
def test_all_stages_of_a_network_of_mixed_group_sizes_are_exact(tmp_path: Path) -> None:
    settings = ["model.groups={number: 2}", "model.blocks.0.channels=12"]
    build = export(RECIPES / "tiny-grouped.yaml", tmp_path / "build", random_weights=True, overrides=settings).folder
    grouped = [node.op for node in build.graph.nodes if node.op.kind == "group_conv"]
    assert [op.weight.shape[1] for op in grouped] == [4, 6]
    verdict = verify(build, images=2)
    assert [stage.name for stage in verdict.stages] == list(OF_A_RUN)
    assert verdict.exact
