"""Adaptive rounding and bias correction of a quantized network, layer by layer, by what comes into each layer.

Rounding to nearest is best for single weights, not for their sum. Taken in turn, each weight passes its rounding error
on to those that are not rounded yet, in the way that least changes the output (GPTQ, Frantar et al., arXiv 2210.17323).
What is left of a shift of the mean goes into the bias (Nagel et al., arXiv 1906.04721).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from codesign.nn.deform import sampled
from codesign.nn.fused import QuantConv2d
from codesign.nn.layers import ConvUnit, QuantSquareDeformConv2d, plain
from codesign.nn.network import Network, conv_units

DAMPING = 0.01
"""The part of a Hessian's mean diagonal that is added to it: inputs that never vary leave weights undetermined."""


class _ReachedError(Exception):
    """Ends a pass that has come as far as it needs to."""


@torch.no_grad()
def round_adaptively(quantized: Network, trained: Network, batches: Sequence[Tensor]) -> None:
    """Round the weights of `quantized`, and correct its biases, in place; both networks in eval mode.

    Args:
        quantized: with folded weights and calibrated scales.
        trained: the floating-point network that it was folded from.
        batches: images (N, 3, H, W) each.
    """
    expected = _means(trained, batches)
    for path in expected:  # in the order in which they compute
        unit = conv_units(quantized)[path]
        if not isinstance(unit.conv, QuantConv2d):
            continue
        inputs = [_reaching(quantized, unit, images) for images in batches]
        _round(unit.conv, inputs)
        if unit.conv.bias is not None:
            found = torch.stack([plain(unit.conv(*given)).mean((0, 2, 3)) for given in inputs]).mean(0)
            unit.conv.bias.add_(expected[path] - found)


def _means(network: Network, batches: Sequence[Tensor]) -> dict[str, Tensor]:
    """Mean (C,) of what each unit computes before its activation, by path in order of computation."""
    sums: dict[str, Tensor] = {}
    hooks = []
    for path, unit in conv_units(network).items():
        last = unit.conv if unit.norm is None else unit.norm

        def hook(_: object, __: object, out: Tensor, path: str = path) -> None:
            sums[path] = sums.get(path, torch.zeros(())) + out.mean((0, 2, 3))

        hooks.append(last.register_forward_hook(hook))
    for images in batches:
        network.raw_heads(images)
    for handle in hooks:
        handle.remove()
    return {path: total / len(batches) for path, total in sums.items()}


def _reaching(network: Network, unit: ConvUnit, images: Tensor) -> tuple[Tensor, ...]:
    """What the unit's convolution is called with."""
    seen: list[tuple[Tensor, ...]] = []

    def hook(_: object, given: tuple[Tensor, ...]) -> None:
        seen.append(given)
        raise _ReachedError

    handle = unit.conv.register_forward_pre_hook(hook)
    try:
        network.raw_heads(images)
    except _ReachedError:
        pass
    finally:
        handle.remove()
    return seen[0]


def _round(conv: QuantConv2d, inputs: Sequence[tuple[Tensor, ...]]) -> None:
    """Put weights on their grid. A channel whose scale would then be another one stays as it was."""
    rows = conv.weight.reshape(conv.groups, conv.out_channels // conv.groups, -1)
    hessian = sum(_hessian(conv, given) for given in inputs)
    assert isinstance(hessian, Tensor)
    scale = conv.weight_scales().reshape(conv.groups, -1, 1)
    integers = _compensated(rows / scale, _inverse_root(hessian), conv.largest_integer)
    before = conv.weight.clone()
    after = (integers * scale).reshape(conv.weight.shape)
    conv.weight.copy_(_with_their_scale(after, scale.reshape(-1, 1, 1, 1)))
    wrong = (conv.quantized_weight() != after).flatten(1).any(1)
    conv.weight[wrong] = before[wrong]


def _with_their_scale(weight: Tensor, scale: Tensor) -> Tensor:
    """Weights (O, I, K, K) on a grid of steps (O, 1, 1, 1), but the largest of each channel a quarter of a step larger.

    It rounds as before, and says more clearly which scale its channel has.
    """
    rows = weight.flatten(1)
    place = rows.abs().argmax(1, keepdim=True)
    largest = rows.gather(1, place)
    return rows.scatter(1, place, largest + largest.sign() * scale.flatten(1) / 4).reshape(weight.shape)


def _hessian(conv: QuantConv2d, given: tuple[Tensor, ...]) -> Tensor:
    """Inner products (G, n, n) of the inputs that each group's n weights meet."""
    x = plain(given[0])
    if isinstance(conv, QuantSquareDeformConv2d):
        columns = sampled(x, plain(given[1]))
    else:
        assert not isinstance(conv.padding, str)
        columns = F.unfold(x, conv.kernel_size, conv.dilation, conv.padding, conv.stride)
    columns = columns.reshape(len(x), conv.groups, -1, columns.shape[-1]).permute(1, 2, 0, 3).flatten(2)
    return columns @ columns.transpose(1, 2)


def _inverse_root(hessian: Tensor) -> Tensor:
    """The upper Cholesky factor of each inverse (G, n, n)."""
    diagonal = hessian.diagonal(dim1=1, dim2=2)
    damping = DAMPING * diagonal.mean(1).clamp_min(1e-8)
    damped = (hessian + torch.diag_embed(damping.unsqueeze(1).expand_as(diagonal))).double()
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return torch.linalg.cholesky(inverse, upper=True).to(hessian.dtype)


def _compensated(steps: Tensor, root: Tensor, largest: float) -> Tensor:
    """Integers (G, O, n) for weights in steps of their scale (G, O, n): each error moves what comes after it."""
    left, out = steps.clone(), torch.empty_like(steps)
    for place in range(steps.shape[2]):
        out[:, :, place] = left[:, :, place].round().clamp(-largest, largest)
        error = (left[:, :, place] - out[:, :, place]) / root[:, place, place].unsqueeze(1)
        left[:, :, place:] -= error.unsqueeze(2) * root[:, place, place:].unsqueeze(1)
    return out
