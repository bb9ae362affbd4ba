"""From a trained floating-point network to a quantized one of the same recipe: batch norm folded, scales calibrated.

Units of a binary network keep their batch norm, of which hardware makes thresholds.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from codesign.nn.layers import ConvUnit
from codesign.nn.network import Network, conv_units


@torch.no_grad()
def fold_batch_norm(trained: Network, quantized: Network) -> None:
    """Copy `trained`'s weights into `quantized`, each batch norm folded into the convolution before it.

    Where `quantized` has a batch norm too, that is copied.
    """
    targets = conv_units(quantized)
    for path, unit in conv_units(trained).items():
        target = targets[path]
        if target.norm is not None:
            assert unit.norm is not None
            target.norm.load_state_dict(unit.norm.state_dict())
            target.conv.weight.copy_(unit.conv.weight)
            continue
        weight, bias = folded(unit)
        target.conv.weight.copy_(weight)
        if bias is not None:
            assert target.conv.bias is not None
            target.conv.bias.copy_(bias)


@torch.no_grad()
def clip_weights(quantized: Network, percentile: float) -> None:
    """Clip the magnitudes of every output channel's weights at their percentile in (0, 100]."""
    for unit in conv_units(quantized).values():
        rows = unit.conv.weight.flatten(1)
        limit = torch.quantile(rows.abs(), percentile / 100, dim=1).reshape(-1, 1, 1, 1)
        unit.conv.weight.copy_(unit.conv.weight.clamp(-limit, limit))


def folded(unit: ConvUnit) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of a convolution with its batch norm folded in: w * g / sqrt(var + eps), b - mean * the same."""
    if unit.norm is None:
        return unit.conv.weight, unit.conv.bias
    norm = unit.norm
    assert norm.running_mean is not None and norm.running_var is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return unit.conv.weight * gain.reshape(-1, 1, 1, 1), norm.bias - norm.running_mean * gain


@torch.no_grad()
def calibrate(quantized: Network, images: Iterable[Tensor]) -> None:
    """Set every activation scale from the statistics of batches (N, 3, H, W) of images.

    There must be one batch more than the recipe's `calibration_batches`: the last one turns statistics into scales.
    """
    quantized.train()
    for batch in images:
        quantized.raw_heads(batch)
