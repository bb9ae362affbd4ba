"""MobileNet-V1 (Howard et al., arXiv 1704.04861) built from a recipe."""

from torch import nn

from codesign.networks.base import Groups
from codesign.networks.mobilenet import Model
from codesign.networks.mobilenet import SeparableBlock as Block
from codesign.nn.layers import Layers
from codesign.nn.network import Classifier
from codesign.recipe import Recipe


class SeparableBlock(nn.Sequential):
    """3x3, depthwise or in groups, and 1x1, each with batch norm and ReLU."""

    def __init__(self, in_channels: int, block: Block, layers: Layers, grouping: Groups | None) -> None:
        super().__init__()
        groups = grouping.of(in_channels, in_channels) if grouping else in_channels
        spatial = layers.conv(in_channels, in_channels, 3, stride=block.stride, groups=groups)
        self.add_module("grouped" if grouping else "depthwise", spatial)
        self.add_module("pointwise", layers.conv(in_channels, block.channels, 1))


def network(recipe: Recipe, layers: Layers) -> Classifier:
    """Stem, separable blocks, global average, fully connected."""
    model = recipe.model
    assert isinstance(model, Model)
    features = nn.Sequential()
    features.add_module("stem", layers.conv(3, model.stem.channels, 3, stride=model.stem.stride, stem=True))
    channels = model.stem.channels
    for number, block in enumerate(model.blocks, start=1):
        features.add_module(f"block{number}", SeparableBlock(channels, block, layers, model.groups))
        channels = block.channels
    height, width = (side // model.coarsest_stride for side in recipe.data.size)
    features.add_module("average", layers.average((height, width)))
    return Classifier(layers, features, layers.classifier(channels, 1, len(model.classes)))
