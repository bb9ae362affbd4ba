"""Networks with random weights: their hardware can be built and verified before anything is trained."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from codesign.data.scenes import scenes
from codesign.nn.codenet import DecoderBlock
from codesign.nn.fold import calibrate, fold_batch_norm
from codesign.nn.layers import ConvUnit, RoundedHardtanh
from codesign.nn.network import Network, float_network, quantized_network
from codesign.recipe import Recipe, save_recipe
from codesign.training.run import RECIPE, save_weights

IMAGES_AT_A_TIME = 2


def save_untrained(recipe: Recipe, folder: Path) -> None:
    """Write the recipe and random weights, drawn from the recipe's seed, into `folder`: a run without a result."""
    save_recipe(recipe, folder / RECIPE)
    save_weights(untrained_network(recipe), folder)


def untrained_network(recipe: Recipe) -> Network:
    """A quantized network of random weights whose values are spread as a trained one's are, in eval mode.

    Batch norms take their statistics from pictures of digits before they are folded, activation scales are calibrated
    on such pictures, and dilations are spread over [-bound, bound]: hardware built from it has the widths and the line
    buffers of a trained network's.
    """
    count = recipe.quantization.calibration_batches + 1
    pictures = torch.from_numpy(scenes(count * IMAGES_AT_A_TIME, recipe.data.size, recipe.seed))
    batches = torch.split(pictures / 256, IMAGES_AT_A_TIME)
    torch.manual_seed(recipe.seed)
    network = float_network(recipe)
    _settle(network, batches[0])
    quantized = quantized_network(recipe)
    fold_batch_norm(network, quantized)
    calibrate(quantized, batches)
    quantized.eval()
    quantized.finish(recipe)
    return quantized


@torch.no_grad()
def _settle(network: Network, images: Tensor) -> None:
    """One pass that sets the statistics of batch norms and the spread of dilations."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics are this batch's
    hooks = [
        block.dilation.conv.register_forward_hook(_spread(_bound(block.dilation)))
        for block in network.modules()
        if isinstance(block, DecoderBlock) and block.dilation is not None
    ]
    network.raw_heads(images)
    for hook in hooks:
        hook.remove()


def _bound(dilation: ConvUnit) -> int:
    """The largest dilation, or offset, that a unit gives."""
    assert isinstance(dilation.act, RoundedHardtanh)
    return dilation.act.bound


def _spread(bound: int) -> Callable[[nn.Conv2d, tuple[Tensor, ...], Tensor], Tensor]:
    """A hook that scales a convolution, and its output, to a mean of 0 and a standard deviation of half the bound."""

    def hook(conv: nn.Conv2d, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        gain, mean = bound / 2 / output.std().clamp(min=1e-6), output.mean()
        conv.weight.mul_(gain)
        assert conv.bias is not None  # since no batch norm follows
        conv.bias.copy_((conv.bias - mean) * gain)
        return (output - mean) * gain

    return hook
