"""ResNet for small images (He et al., arXiv 1512.03385, section 4.2) built from a recipe."""

from collections.abc import Callable, Sequence
from functools import partial

from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from codesign.networks import resnext
from codesign.networks.resnet import Model, Stage
from codesign.nn.layers import ConvUnit, Layers
from codesign.nn.network import Classifier
from codesign.recipe import Recipe


class ResidualBlock(nn.Module):
    """A branch whose result is added to its input, or to a 1x1 of it where the shape changes.

    Subclasses have the branch, whose last unit shares `join.grid`, and then set `shortcut`.
    """

    shortcut: ConvUnit | None

    def __init__(self, layers: Layers) -> None:
        super().__init__()
        self.join = layers.residual()

    def branch(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        raise NotImplementedError

    def shortcut_of(self, in_channels: int, channels: int, stride: int, layers: Layers) -> ConvUnit | None:
        """The 1x1 of the shortcut; None where the input can be added as it is."""
        if stride == 1 and in_channels == channels:
            return None
        return layers.conv(in_channels, channels, 1, stride=stride, relu=False, shared_act=self.join.grid)

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        branch = self.branch(x)
        return self.join(branch, self.join.grid(x) if self.shortcut is None else self.shortcut(x))


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions, around which the input goes."""

    def __init__(self, in_channels: int, stage: Stage, stride: int, layers: Layers) -> None:
        super().__init__(layers)
        self.conv1 = layers.conv(in_channels, stage.channels, 3, stride=stride)
        self.conv2 = layers.conv(stage.channels, stage.channels, 3, relu=False, shared_act=self.join.grid)
        self.shortcut = self.shortcut_of(in_channels, stage.channels, stride, layers)

    def branch(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        return self.conv2(self.conv1(x))


def network(recipe: Recipe, layers: Layers) -> Classifier:
    """Stem, stages of residual blocks, global average, fully connected."""
    assert isinstance(recipe.model, Model)
    channels = recipe.model.stages[0].channels
    stem = layers.conv(3, channels, 3, stem=True)
    return classifier(recipe, layers, stem, channels, partial(BasicBlock, layers=layers))


def classifier(
    recipe: Recipe,
    layers: Layers,
    stem: nn.Module,
    channels: int,
    block: Callable[..., ResidualBlock],
) -> Classifier:
    """A residual network. channels: that leave the stem; block: of its input channels, its stage and its stride."""
    model = recipe.model
    assert isinstance(model, Model | resnext.Model)
    features = nn.Sequential()
    features.add_module("stem", stem)
    stages: Sequence[Stage | resnext.Stage] = model.stages
    for number, stage in enumerate(stages, start=1):
        blocks = nn.Sequential()
        for index in range(stage.blocks):
            blocks.append(block(channels, stage, 2 if number > 1 and index == 0 else 1))
            channels = stage.channels
        features.add_module(f"stage{number}", blocks)
    height, width = (side // model.coarsest_stride for side in recipe.data.size)
    features.add_module("average", layers.average((height, width)))
    return Classifier(layers, features, layers.classifier(channels, 1, len(model.classes)))
