"""Bit widths of single layers: what a recipe's `quantization.layers` says of module paths.

A path is that of a `ConvUnit`, for its weights and its activation, or of an activation that several units share.
Untouched are the image, dilations, binary layers, and the activations of outputs, which have `output_bits`.
"""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from torch import nn

from codesign.errors import RecipeError
from codesign.nn.fused import QuantConv2d, QuantIdentity, QuantReLU
from codesign.nn.layers import ConvUnit, QuantLayers, QuantSquareDeformConv2d

MOST_SHOWN = 4
"""Paths that an error offers."""


class _Layer(NamedTuple):
    """What of a path has a width: its convolution, its activation, or both."""

    conv: QuantConv2d | None
    act: nn.Module | None


def set_layer_widths(network: nn.Module, layers: QuantLayers) -> None:
    """Give the layers that the recipe names their own widths, in place; they lose what their quantizers hold.

    Of several patterns that match a path, the last one that says something of a width decides.

    Raises RecipeError: a pattern matches nothing that has such a width.
    """
    found = _layers(network)
    weights: dict[str, int] = {}
    activations: dict[str, int] = {}
    for pattern, widths in layers.widths.layers.items():
        matched = {path: layer for path, layer in found.items() if fnmatchcase(path, pattern)}
        convs, acts = ([path for path, layer in matched.items() if layer[part] is not None] for part in (0, 1))
        if not ((convs and widths.weight_bits) or (acts and widths.activation_bits)):
            raise _unknown(pattern, found)
        weights |= dict.fromkeys(convs, widths.weight_bits) if widths.weight_bits else {}
        activations |= dict.fromkeys(acts, widths.activation_bits) if widths.activation_bits else {}
    for path, bits in weights.items():
        _replace(network, found[path].conv, _conv_of(found[path].conv, bits, layers))
    for path, bits in activations.items():
        act = found[path].act
        _replace(network, act, layers.signed(bits) if isinstance(act, QuantIdentity) else layers.activation(bits))


def _layers(network: nn.Module) -> dict[str, _Layer]:
    """By path. An activation that belongs to a unit goes by the unit's."""
    found, owned = {}, set()
    for path, unit in network.named_modules():
        if isinstance(unit, ConvUnit):
            found[path] = _Layer(_quantized(unit.conv), None if unit.last else _learned(unit.act))
            owned.add(unit.act)
    for path, module in network.named_modules():
        if _learned(module) is not None and module not in owned:
            found[path] = _Layer(None, module)
    return {path: layer for path, layer in found.items() if layer != (None, None)}


def _quantized(conv: nn.Module) -> QuantConv2d | None:
    return conv if isinstance(conv, QuantConv2d) else None


def _learned(act: nn.Module | None) -> nn.Module | None:
    """An activation whose scale is learned: those of images, dilations and signs have the widths that they need."""
    return act if isinstance(act, QuantReLU | QuantIdentity) else None


def _conv_of(conv: Any, bits: int, layers: QuantLayers) -> QuantConv2d:
    """The same convolution with weights of another width."""
    parameters = layers.parameters(conv.bias is not None, bits)
    if isinstance(conv, QuantSquareDeformConv2d):
        return QuantSquareDeformConv2d(conv.in_channels, parameters)
    shape = (conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding)
    return QuantConv2d(*shape, groups=conv.groups, **parameters)


def _replace(network: nn.Module, old: nn.Module | None, new: nn.Module) -> None:
    """Put `new` wherever `old` is, also where a unit borrows it."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if child is old:
                setattr(module, name, new)
        if isinstance(module, ConvUnit):
            module.borrow(old, new)


def _unknown(pattern: str, found: dict[str, _Layer]) -> RecipeError:
    near = difflib.get_close_matches(pattern, found, n=MOST_SHOWN, cutoff=0.3) or list(found)[:MOST_SHOWN]
    return RecipeError(
        f"'{pattern}' matches no layer that has such a width",
        where="quantization.layers",
        remedy=f"layers are named like {', '.join(near)}; * stands for anything",
    )
