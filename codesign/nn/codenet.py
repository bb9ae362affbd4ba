"""CoDeNet (Dong, Wang, Huang et al., FPGA 2021, arXiv 2006.08357) built from a recipe.

Stem, ShuffleNetV2 stages, an optional 1x1, decoder blocks with the square deformable operator, CenterNet heads.
Integers from the input's bytes to the heat map's peaks.
"""

import itertools

import torch
from torch import Tensor, nn

from codesign.networks.codenet import Decoder, Model, Stage, Stem, operator_form
from codesign.nn.detector import Detector
from codesign.nn.layers import (
    Layers,
    MaxPool2d,
    Upsample2x,
    concat_shuffle,
    split_halves,
)
from codesign.recipe import Recipe


class StemBlock(nn.Module):
    """(N, 3, H, W) to (N, channels, H/4, W/4)."""

    def __init__(self, stem: Stem, layers: Layers) -> None:
        super().__init__()
        stride = 4 if stem.kind == "stride4" else 2
        self.conv = layers.conv(3, stem.channels, 3, stride=stride, stem=True)
        self.pool = MaxPool2d(3, stride=2, padding=1) if stem.kind == "stride2-maxpool" else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x if self.pool is None else self.pool(x)


def _branch(in_channels: int, channels: int, stride: int, layers: Layers, act: nn.Module) -> nn.Sequential:
    units = nn.Sequential()
    units.add_module("reduce", layers.conv(in_channels, channels, 1))
    units.add_module("depthwise", layers.conv(channels, channels, 3, stride=stride, groups=channels, relu=False))
    units.add_module("expand", layers.conv(channels, channels, 1, shared_act=act))
    return units


class DownUnit(nn.Module):
    """ShuffleNetV2 unit of stride 2: two branches, concatenated and shuffled."""

    def __init__(self, in_channels: int, channels: int, layers: Layers, act: nn.Module) -> None:
        super().__init__()
        half = channels // 2
        self.left = nn.Sequential()
        depthwise = layers.conv(in_channels, in_channels, 3, stride=2, groups=in_channels, relu=False)
        self.left.add_module("depthwise", depthwise)
        self.left.add_module("expand", layers.conv(in_channels, half, 1, shared_act=act))
        self.right = _branch(in_channels, half, 2, layers, act)

    def forward(self, x: Tensor) -> Tensor:
        return concat_shuffle(self.left(x), self.right(x))


class ShuffleUnit(nn.Module):
    """ShuffleNetV2 unit of stride 1: half of the channels pass, the other half goes through the branch."""

    def __init__(self, channels: int, layers: Layers, act: nn.Module) -> None:
        super().__init__()
        self.branch = _branch(channels // 2, channels // 2, 1, layers, act)

    def forward(self, x: Tensor) -> Tensor:
        passed, worked = split_halves(x)
        return concat_shuffle(passed, self.branch(worked))


class StageBlock(nn.Module):
    """A stride-2 unit and stride-1 units; channels pass through them all, hence one quantizer for the stage."""

    def __init__(self, in_channels: int, stage: Stage, layers: Layers) -> None:
        super().__init__()
        self.act = layers.activation()
        self.units = nn.Sequential(
            DownUnit(in_channels, stage.channels, layers, self.act),
            *(ShuffleUnit(stage.channels, layers, self.act) for _ in range(stage.units - 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.units(x)


class Backbone(nn.Module):
    """Stem, stages and the optional last 1x1."""

    def __init__(self, model: Model, layers: Layers) -> None:
        super().__init__()
        self.stem = StemBlock(model.stem, layers)
        channels = model.stem.channels
        self.stages = nn.Sequential()
        for number, stage in enumerate(model.stages, start=2):  # ShuffleNetV2 counts its stages from 2
            self.stages.add_module(f"stage{number}", StageBlock(channels, stage, layers))
            channels = stage.channels
        self.last = layers.conv(channels, model.last_channels, 1) if model.last_channels else None
        self.channels = model.last_channels or channels

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))
        return x if self.last is None else self.last(x)


class DecoderBlock(nn.Module):
    """Spatial operator and 1x1 in the recipe's order, then upsampling: (N, C, H, W) to (N, out_channels, 2H, 2W).

    `dilation` computes where the operator samples; free offsets too.
    """

    def __init__(self, in_channels: int, out_channels: int, decoder: Decoder, layers: Layers) -> None:
        super().__init__()
        self.pointwise_first = decoder.order == "pointwise_first"
        channels = out_channels if self.pointwise_first else in_channels
        form = operator_form(decoder.operator)
        self.pointwise = layers.conv(in_channels, out_channels, 1)
        if form.sampling == "grid":
            groups = channels if form.depthwise else 1
            self.dilation = None
            self.spatial = layers.conv(
                channels, channels, form.kernel, groups=groups, norm=self.pointwise_first, relu=self.pointwise_first
            )
        elif form.float_only:
            self.dilation = layers.displacement(channels, form, decoder.bound)
            self.spatial = layers.fractional_deform(channels, form, relu=self.pointwise_first)
        else:
            self.dilation = layers.dilation(channels, decoder.bound)
            self.spatial = layers.deform(channels, relu=self.pointwise_first)
        self.upsample = Upsample2x()

    def forward(self, x: Tensor) -> Tensor:
        x = self._spatial(self.pointwise(x)) if self.pointwise_first else self.pointwise(self._spatial(x))
        return self.upsample(x)

    def _spatial(self, x: Tensor) -> Tensor:
        return self.spatial(x) if self.dilation is None else self.spatial(x, self.dilation(x))


class CoDeNet(Detector):
    """The network of a recipe. Input (N, 3, H, W) float32 holding bytes / 256."""

    def __init__(self, recipe: Recipe, layers: Layers) -> None:
        super().__init__(layers)
        model = recipe.model
        assert isinstance(model, Model)
        self.backbone = Backbone(model, layers)
        widths = (self.backbone.channels, *model.decoder.channels)
        pairs = itertools.pairwise(widths)
        self.decoder = nn.Sequential(*(DecoderBlock(a, b, model.decoder, layers) for a, b in pairs))
        self.add_heads(widths[-1], model.head_channels, len(model.classes), layers)
        _initialise(self)

    def features(self, x: Tensor) -> Tensor:
        return self.decoder(self.backbone(x))


@torch.no_grad()
def _initialise(network: CoDeNet) -> None:
    """Dilations start at 1 and offsets at 0, so on the fixed grid."""
    for module in network.modules():
        if isinstance(module, DecoderBlock) and module.dilation is not None:
            conv = module.dilation.conv
            conv.weight.mul_(0.1)
            assert conv.bias is not None
            conv.bias.fill_(1.0 if conv.out_channels == 1 else 0.0)


def network(recipe: Recipe, layers: Layers) -> CoDeNet:
    """The network of a recipe."""
    return CoDeNet(recipe, layers)
