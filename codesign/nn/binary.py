"""Layers of binary networks: weights and activations are -1 or +1, but for the first layer's input and the last layer.

A unit is convolution, batch norm and sign; hardware makes one threshold a channel of the latter two. Zero is no binary
value: what lies outside a map counts as -1, in training as in hardware.
"""

from collections.abc import Callable

import brevitas.nn as qnn
import torch.nn.functional as F
from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from codesign.errors import RecipeError
from codesign.nn.fused import QuantConv2d
from codesign.nn.layers import ConvUnit, FloatLayers, GlobalAverage, MapSize, QuantLayers, Residual, move
from codesign.nn.quantizers import BinaryActivationQuantizer, BinaryWeightQuantizer
from codesign.nn.strided import Conv2d

OUTSIDE = -1.0
"""Value of the pixels around a map."""


def surrounded(x: Tensor | QuantTensor, border: int) -> Tensor | QuantTensor:
    """A map (N, C, H, W) with a border of so many pixels of -1."""
    return move(lambda value: F.pad(value, (border,) * 4, value=OUTSIDE), x) if border else x


class BinaryConv2d(qnn.QuantConv2d):
    """Weights of -1 or +1 times a power of two for each output channel, over maps of -1 and +1, surrounded by -1."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, bias=False, weight_quant=BinaryWeightQuantizer)
        self.border = kernel // 2

    def forward(self, x: Tensor | QuantTensor) -> Tensor:
        return super().forward(surrounded(x, self.border))


class SurroundedConv2d(Conv2d):
    """The same in floating point."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, bias=False)
        self.border = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(surrounded(x, self.border))


class _BinaryUnits:
    """Units whose convolution is a binary one, but for the stem's, and whose batch norm stays, since a sign follows."""

    _binary: Callable[[int, int, int, int], nn.Conv2d]

    def _stem(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> nn.Conv2d:
        raise NotImplementedError

    def activation(self) -> nn.Module:
        raise NotImplementedError

    def conv(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        norm: bool = True,
        relu: bool = True,
        shared_act: nn.Module | None = None,
        stem: bool = False,
    ) -> ConvUnit:
        _check(groups, norm, relu, shared_act)
        conv = (self._stem if stem else self._binary)(in_channels, out_channels, kernel, stride)
        act = self.activation() if shared_act is None else None
        return ConvUnit(conv, nn.BatchNorm2d(out_channels), act, shared_act)


class FloatBinaryLayers(_BinaryUnits, FloatLayers):
    """What is trained before it becomes binary: activations are clamped to [-1, 1]."""

    _binary = SurroundedConv2d

    def _stem(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> nn.Conv2d:
        return Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)

    def activation(self) -> nn.Module:
        return nn.Hardtanh()

    def average(self, size: MapSize) -> GlobalAverage:
        return GlobalAverage(size, nn.Identity())


class BinaryLayers(_BinaryUnits, QuantLayers):
    """Brevitas layers."""

    _binary = BinaryConv2d

    def _stem(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> nn.Conv2d:
        parameters = self.parameters(False, self.widths.stem_weight_bits)
        return QuantConv2d(in_channels, out_channels, kernel, stride, kernel // 2, **parameters)

    def activation(self, bits: int | None = None) -> nn.Module:
        return qnn.QuantIdentity(BinaryActivationQuantizer, return_quant_tensor=True)

    def average(self, size: MapSize) -> GlobalAverage:
        return GlobalAverage(size, self.signed(self.widths.activation_bits))

    def residual(self) -> Residual:
        return Residual(self.signed(self.widths.activation_bits), self.activation())


def _check(groups: int, norm: bool, relu: bool, shared_act: nn.Module | None) -> None:
    """Raises RecipeError for units that have no binary form."""
    if groups != 1 or not norm or not (relu or shared_act is not None):
        raise RecipeError(
            "this network has layers without a binary form",
            where="quantization.binary",
            remedy="choose model.kind vgg or resnet",
        )
