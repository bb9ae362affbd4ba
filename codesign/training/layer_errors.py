"""How a quantized network differs from the one in floating point that it came from, layer by layer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import Any

import brevitas.nn as qnn
import torch
from torch import Tensor, nn

from codesign.nn.fused import QuantConv2d
from codesign.nn.layers import ConvUnit, plain
from codesign.nn.network import Network, conv_units

IMAGES_AT_A_TIME = 4


@dataclass(frozen=True)
class LayerError:
    """Root mean squares of differences, as parts of that of the values, over validation images.

    weights: what quantization does to the layer's own weights. activations: to its output, clipping included; None
    where another layer owns the quantizer. input, output: how far both are from the network's in floating point.
    """

    layer: str
    weights: float
    activations: float | None
    input: float
    output: float

    @property
    def added(self) -> float:
        """By how much the layer increases the difference."""
        return self.output - self.input


@torch.no_grad()
def layer_errors(trained: Network, quantized: Network, images: Tensor) -> tuple[LayerError, ...]:
    """The error of every convolution, in the order in which they compute. images: (N, 3, H, W) uint8.

    Both networks are of one recipe and in eval mode; a binary one has nothing to compare, its values being signs.
    """
    sums = _Sums()
    layers = [name for name, unit in conv_units(quantized).items() if isinstance(unit.conv, QuantConv2d)]
    seen: dict[str, list[tuple[Tensor, Tensor]]] = defaultdict(list)
    floats, quants = conv_units(trained), conv_units(quantized)
    hooks = [
        *(floats[name].register_forward_hook(partial(_keep, seen, name)) for name in layers),
        *(quants[name].register_forward_hook(partial(sums.compare, seen, name)) for name in layers),
        *(
            quants[name].act.register_forward_hook(partial(sums.rounding, name))
            for name in layers
            if quants[name].act is not None
        ),
    ]
    try:
        for batch in torch.split(images, IMAGES_AT_A_TIME):
            trained.raw_heads(batch / 256)
            quantized.raw_heads(batch / 256)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(
        LayerError(
            layer=name,
            weights=_relative(*_weights(quants[name])),
            activations=sums.of("rounding", name),
            input=sums.of("input", name) or 0.0,
            output=sums.of("output", name) or 0.0,
        )
        for name in sums.order
    )


class _Sums:
    """Squares of differences and of values, summed by kind and layer."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.order: list[str] = []

    def of(self, kind: str, layer: str) -> float | None:
        return _relative(*self._sums[kind, layer]) if (kind, layer) in self._sums else None

    def compare(
        self, seen: dict[str, list[tuple[Tensor, Tensor]]], name: str, unit: nn.Module, inputs: Any, output: Any
    ) -> None:
        if name not in self.order:
            self.order.append(name)
        for kind, value, other in zip(("input", "output"), (inputs[0], output), seen[name].pop(0), strict=True):
            self._add(kind, name, plain(value), other)

    def rounding(self, name: str, act: nn.Module, inputs: Any, output: Any) -> None:
        before = plain(inputs[0])
        self._add("rounding", name, plain(output), before.clamp(min=0) if isinstance(act, qnn.QuantReLU) else before)

    def _add(self, kind: str, layer: str, value: Tensor, reference: Tensor) -> None:
        held = self._sums[kind, layer]
        held[0] += float((value - reference).double().square().sum())
        held[1] += float(reference.double().square().sum())


def _keep(seen: dict[str, list[tuple[Tensor, Tensor]]], name: str, unit: nn.Module, inputs: Any, output: Any) -> None:
    seen[name].append((plain(inputs[0]), plain(output)))


def _weights(unit: ConvUnit) -> tuple[float, float]:
    assert isinstance(unit.conv, QuantConv2d)
    weight = unit.conv.weight.double()
    held = plain(unit.conv.quant_weight()).double()
    return float((held - weight).square().sum()), float(weight.square().sum())


def _relative(difference: float, whole: float) -> float:
    """Root of both, as a part; 0 where there are no values."""
    return round((difference / whole) ** 0.5, 5) if whole else 0.0
