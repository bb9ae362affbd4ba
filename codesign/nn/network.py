"""What networks have in common; each one is built by the file of `codesign.nn` that its recipe's `model.kind` names.

Such a file has the function `network(recipe, layers) -> Network`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from codesign.errors import RecipeError
from codesign.nn.binary import BinaryLayers, FloatBinaryLayers
from codesign.nn.layers import ConvUnit, FloatLayers, Layers, QuantLayers, plain
from codesign.nn.widths import set_layer_widths
from codesign.plugins import load
from codesign.recipe import Recipe

MOST_PARAMETERS = 2**30
"""The most parameters of a network that is built: training it takes 16 bytes a parameter."""


class Network(nn.Module):
    """Input (N, 3, H, W) float32 holding bytes / 256; outputs by name, (N, C, H, W) each."""

    def raw_heads(self, x: Tensor) -> Any:
        """The named outputs that training sees."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Any:
        """The named outputs that are exported."""
        return self.raw_heads(x)

    def head_scales(self) -> dict[str, float]:
        """Real value of one integer step of each output; 1 in floating point."""
        raise NotImplementedError

    def finish(self, recipe: Recipe) -> None:
        """Set what does not follow from training."""


def unit_scale(unit: ConvUnit) -> float:
    """Real value of one integer step of a unit's output; 1 in floating point."""
    return 1.0 if unit.act is None else float(unit.act.act_quant.scale())


class Scores(NamedTuple):
    """Output of a classifier."""

    scores: Tensor
    """(N, classes, 1, 1) logits."""


class Classifier(Network):
    """Features of an image, and the fully connected layer over them.

    Args:
        layers: makes the input's quantizer.
        features: (N, 3, H, W) to (N, C, h, w).
        head: that to (N, classes, 1, 1).
    """

    def __init__(self, layers: Layers, features: nn.Module, head: ConvUnit) -> None:
        super().__init__()
        self.input = layers.image()
        self.features = features
        self.head = head

    def raw_heads(self, x: Tensor) -> Scores:
        return Scores(plain(self.head(self.features(self.input(x)))))

    @torch.no_grad()
    def head_scales(self) -> dict[str, float]:
        return {"scores": unit_scale(self.head)}


def float_network(recipe: Recipe) -> Network:
    """The recipe's network in floating point, with batch norm. Raises RecipeError if it is too large to train."""
    model = recipe.model.in_floating_point(recipe.training)
    return _build(recipe.model_copy(update={"model": model}), _float_layers(recipe))


def quantized_network(recipe: Recipe) -> Network:
    """The recipe's network with Brevitas quantizers; batch norms only where a sign follows them.

    Raises RecipeError if it is too large to train, or has no layer of a name to which the recipe gives a width.
    """
    layers = (BinaryLayers if recipe.quantization.binary else QuantLayers)(recipe.quantization)
    network = _build(recipe, layers)
    set_layer_widths(network, layers)
    return network


def _float_layers(recipe: Recipe) -> Layers:
    return FloatBinaryLayers() if recipe.quantization.binary else FloatLayers()


def _build(recipe: Recipe, layers: Layers) -> Network:
    make: Callable[[Recipe, Layers], Network] = load("codesign.nn", recipe.model.kind).network
    if torch.get_default_device().type != "meta":  # where nothing is allocated, any size can be counted
        with torch.device("meta"):
            parameters = sum(p.numel() for p in make(recipe, _float_layers(recipe)).parameters())
        if parameters > MOST_PARAMETERS:
            raise RecipeError(
                f"the network has {parameters:,} parameters, more than {MOST_PARAMETERS:,}",
                where=f"{recipe.name}: model",
                remedy="choose fewer channels or layers",
            )
    return make(recipe, layers)


def conv_units(network: nn.Module) -> dict[str, ConvUnit]:
    """Every convolution block by its module path."""
    return {path: module for path, module in network.named_modules() if isinstance(module, ConvUnit)}
