"""ResNet for small images (He et al., arXiv 1512.03385, section 4.2) built from a recipe."""

from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from codesign.nn.layers import Layers
from codesign.nn.network import Classifier
from codesign.recipe import Recipe


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, whose result is added to the input, or to a 1x1 of it where the shape changes."""

    def __init__(self, in_channels: int, channels: int, stride: int, layers: Layers) -> None:
        super().__init__()
        self.join = layers.residual()
        self.conv1 = layers.conv(in_channels, channels, 3, stride=stride)
        self.conv2 = layers.conv(channels, channels, 3, relu=False, shared_act=self.join.grid)
        self.shortcut = None
        if stride > 1 or in_channels != channels:
            self.shortcut = layers.conv(in_channels, channels, 1, stride=stride, relu=False, shared_act=self.join.grid)

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        branch = self.conv2(self.conv1(x))
        return self.join(branch, self.join.grid(x) if self.shortcut is None else self.shortcut(x))


def network(recipe: Recipe, layers: Layers) -> Classifier:
    """Stem, stages of residual blocks, global average, fully connected."""
    model = recipe.model
    channels = model.stages[0].channels
    features = nn.Sequential()
    features.add_module("stem", layers.conv(3, channels, 3, stem=True))
    for number, stage in enumerate(model.stages, start=1):
        blocks = nn.Sequential()
        for index in range(stage.blocks):
            stride = 2 if number > 1 and index == 0 else 1
            blocks.append(ResidualBlock(channels, stage.channels, stride, layers))
            channels = stage.channels
        features.add_module(f"stage{number}", blocks)
    features.add_module("average", layers.average(recipe.data.image_size // model.coarsest_stride))
    return Classifier(layers, features, layers.classifier(channels, 1, len(model.classes)))
