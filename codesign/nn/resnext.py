"""ResNeXt (Xie, Girshick, Dollar, Tu, He, arXiv 1611.05431) built from a recipe."""

from functools import partial

from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from codesign.networks.base import Groups
from codesign.networks.resnext import Model, Stage, Stem
from codesign.nn.layers import Layers, MaxPool2d
from codesign.nn.network import Classifier
from codesign.nn.resnet import ResidualBlock, classifier
from codesign.recipe import Recipe


class Bottleneck(ResidualBlock):
    """1x1 to fewer channels, 3x3 in groups, 1x1 to more, around which the input goes."""

    def __init__(self, in_channels: int, stage: Stage, stride: int, layers: Layers, grouping: Groups) -> None:
        super().__init__(layers)
        width = stage.width
        self.reduce = layers.conv(in_channels, width, 1)
        self.grouped = layers.conv(width, width, 3, stride=stride, groups=grouping.of(width, width))
        self.expand = layers.conv(width, stage.channels, 1, relu=False, shared_act=self.join.grid)
        self.shortcut = self.shortcut_of(in_channels, stage.channels, stride, layers)

    def branch(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        return self.expand(self.grouped(self.reduce(x)))


def network(recipe: Recipe, layers: Layers) -> Classifier:
    """Stem, stages of bottlenecks, global average, fully connected."""
    model = recipe.model
    assert isinstance(model, Model)
    stem = _stem(model.stem, layers)
    bottleneck = partial(Bottleneck, layers=layers, grouping=model.groups)
    return classifier(recipe, layers, stem, model.stem.channels, bottleneck)


def _stem(stem: Stem, layers: Layers) -> nn.Module:
    if stem.kind == "3x3":
        return layers.conv(3, stem.channels, 3, stem=True)
    return nn.Sequential(layers.conv(3, stem.channels, 7, stride=2, stem=True), MaxPool2d(3, 2, 1))
