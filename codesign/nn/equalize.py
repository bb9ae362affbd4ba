"""Cross-layer equalization: channels between two layers get ranges alike, so that one activation scale suits them all.

A channel may leave a layer 1 / s times as large, and enter the next ones by weights s times as large: with a ReLU or
nothing in between the network computes the same (Nagel et al., arXiv 1906.04721). Weights have a scale for each output
channel, so that ranges of activations are balanced with those of the weights that read them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from codesign.nn.layers import ConvUnit
from codesign.nn.network import Network, conv_units

LARGEST_FACTOR = 64.0
"""The largest change of a channel, either way: dead channels have no range."""
TOLERANCE = 1e-3
"""Relative change of the outputs, beyond which a pair was no pair: something else reads the channels too."""


class Seam(NamedTuple):
    """A unit whose output other units read, and the largest magnitude of each channel there (C,)."""

    writer: ConvUnit
    readers: tuple[ConvUnit, ...]
    ranges: Tensor


@torch.no_grad()
def equalized(trained: Network, images: Tensor) -> Network:
    """A floating-point network, in eval mode, that computes the same as `trained`, equalized by what that computes of
    images (N, 3, H, W). Channels that something else than convolutions reads stay as they were.
    """
    network = copy.deepcopy(trained)
    expected = network.raw_heads(images)
    for seam in _seams(network, images):
        before = [(parameter, parameter.clone()) for parameter in _parameters(seam)]
        _scale(seam, _factors(seam))
        if not _alike(network.raw_heads(images), expected):
            for parameter, value in before:
                parameter.copy_(value)
    return network


def _seams(network: Network, images: Tensor) -> list[Seam]:
    """Where a unit's output is another one's first input as it is."""
    outputs: list[tuple[Tensor, ConvUnit]] = []
    inputs: list[tuple[Tensor, ConvUnit]] = []
    hooks = []
    for unit in conv_units(network).values():
        hooks.append(unit.register_forward_hook(lambda unit, _, out: outputs.append((out, unit))))
        hooks.append(unit.register_forward_pre_hook(lambda unit, given: inputs.append((given[0], unit))))
    network.raw_heads(images)
    for hook in hooks:
        hook.remove()
    seams = []
    for out, writer in outputs:
        readers = tuple(unit for given, unit in inputs if given is out)
        if readers and all(unit.conv.groups in (1, unit.conv.in_channels) for unit in readers):
            seams.append(Seam(writer, readers, out.abs().amax((0, 2, 3))))
    return seams


def _factors(seam: Seam) -> Tensor:
    """By what each channel (C,) is divided where it is written."""
    weights = torch.stack([_read_ranges(unit.conv) for unit in seam.readers]).amax(0)
    depthwise = all(unit.conv.groups > 1 for unit in seam.readers)
    factors = seam.ranges if depthwise else torch.sqrt(seam.ranges / weights.clamp_min(1e-8))
    alive = (seam.ranges > 0) & (weights > 0)
    if not alive.any():
        return torch.ones_like(factors)
    middle = factors[alive].log().mean().exp()
    return torch.where(alive, factors / middle, 1.0).clamp(1 / LARGEST_FACTOR, LARGEST_FACTOR)


def _read_ranges(conv: nn.Conv2d) -> Tensor:
    """Largest magnitude of the weights that read each input channel (C,)."""
    return conv.weight.abs().amax((1, 2, 3) if conv.groups > 1 else (0, 2, 3))


def _scale(seam: Seam, factors: Tensor) -> None:
    for parameter in _written(seam.writer):
        parameter.div_(factors.reshape(-1, *[1] * (parameter.ndim - 1)))
    for unit in seam.readers:
        unit.conv.weight.mul_(factors.reshape((-1, 1, 1, 1) if unit.conv.groups > 1 else (1, -1, 1, 1)))


def _parameters(seam: Seam) -> list[Tensor]:
    """All that `_scale` changes."""
    return [*_written(seam.writer), *(unit.conv.weight for unit in seam.readers)]


def _written(unit: ConvUnit) -> list[Tensor]:
    """What is as large as the unit's output."""
    last = unit.conv if unit.norm is None else unit.norm
    return [last.weight] if last.bias is None else [last.weight, last.bias]


def _alike(found: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    return all(bool((a - b).abs().max() <= TOLERANCE * b.abs().max()) for a, b in zip(found, expected, strict=True))
