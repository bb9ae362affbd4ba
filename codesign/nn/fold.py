"""From a trained floating-point network to a quantized one of the same recipe: batch norm folded, scales calibrated.

Units of a binary network keep their batch norm, of which hardware makes thresholds. Others may keep theirs while they
train (`codesign.nn.norm`).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from codesign.nn.fused import QuantConv2d
from codesign.nn.layers import ConvUnit
from codesign.nn.network import Network, conv_units, quantized_network
from codesign.nn.norm import TrainedNorm, folded_into
from codesign.recipe import Recipe


@torch.no_grad()
def fold_batch_norm(trained: Network, quantized: Network) -> None:
    """Copy `trained`'s weights into `quantized`, each batch norm folded into the convolution before it.

    Where `quantized` has a batch norm too, that is copied.
    """
    targets = conv_units(quantized)
    for path, unit in conv_units(trained).items():
        target = targets[path]
        kept = batch_norm(target)
        if kept is not None:
            source = batch_norm(unit)
            assert source is not None
            kept.load_state_dict(source.state_dict())
            if isinstance(kept, TrainedNorm):
                kept.reset_count()
            target.conv.weight.copy_(unit.conv.weight)
            continue
        weight, bias = folded(unit)
        target.conv.weight.copy_(weight)
        if bias is not None:
            assert target.conv.bias is not None
            target.conv.bias.copy_(bias)


def keep_batch_norm(quantized: Network, trained: Network) -> None:
    """Give `quantized` the batch norms of `trained`, for training."""
    targets = conv_units(quantized)
    for path, unit in conv_units(trained).items():
        conv = targets[path].conv
        if unit.norm is not None and targets[path].norm is None:
            assert isinstance(conv, QuantConv2d)
            conv.keep_norm()


@torch.no_grad()
def deployed(trained: Network, recipe: Recipe) -> Network:
    """The recipe's quantized network with what `trained` learned: batch norms folded in, activation scales as they are.

    It computes the same values as `trained` in eval mode.
    """
    network = quantized_network(recipe)
    fold_batch_norm(trained, network)
    own = tuple(f"{path}.conv." for path in conv_units(trained))
    network.load_state_dict({k: v for k, v in trained.state_dict().items() if not k.startswith(own)}, strict=False)
    return network


def batch_norm(unit: ConvUnit) -> nn.BatchNorm2d | None:
    """A unit's own batch norm, or the one that its convolution trains with."""
    conv = unit.conv
    return conv.norm if isinstance(conv, QuantConv2d) and conv.norm is not None else unit.norm


def folded(unit: ConvUnit) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of a unit's convolution with its batch norm folded in."""
    norm = batch_norm(unit)
    return (unit.conv.weight, unit.conv.bias) if norm is None else folded_into(unit.conv.weight, norm)


@torch.no_grad()
def clip_weights(quantized: Network, percentile: float) -> None:
    """Clip the magnitudes of every output channel's weights at their percentile in (0, 100]."""
    for unit in conv_units(quantized).values():
        rows = unit.conv.weight.flatten(1)
        limit = torch.quantile(rows.abs(), percentile / 100, dim=1).reshape(-1, 1, 1, 1)
        unit.conv.weight.copy_(unit.conv.weight.clamp(-limit, limit))


@torch.no_grad()
def calibrate(quantized: Network, images: Iterable[Tensor]) -> None:
    """Set every activation scale from the statistics of batches (N, 3, H, W) of images.

    There must be one batch more than the recipe's `calibration_batches`: the last one turns statistics into scales.
    """
    quantized.train()
    for batch in images:
        quantized.raw_heads(batch)
