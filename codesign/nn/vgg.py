"""VGG-small built from a recipe."""

from torch import nn

from codesign.networks.vgg import Model
from codesign.nn.layers import Layers, MaxPool2d
from codesign.nn.network import Classifier
from codesign.recipe import Recipe


def network(recipe: Recipe, layers: Layers) -> Classifier:
    """Stages of 3x3 convolutions, each max-pooled, then fully connected over the last map."""
    model = recipe.model
    assert isinstance(model, Model)
    features, channels = nn.Sequential(), 3
    for number, stage in enumerate(model.stages, start=1):
        units = nn.Sequential()
        for index in range(stage.convolutions):
            first = number == 1 and index == 0
            units.add_module(f"conv{index + 1}", layers.conv(channels, stage.channels, 3, stem=first))
            channels = stage.channels
        units.add_module("pool", MaxPool2d(2))
        features.add_module(f"stage{number}", units)
    height, width = (side // model.coarsest_stride for side in recipe.data.size)
    return Classifier(layers, features, layers.classifier(channels, (height, width), len(model.classes)))
