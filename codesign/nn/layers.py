"""The layers that networks are built from, in floating point with batch norm or quantized by Brevitas.

Both kinds have the same module paths, so that weights go from one to the other (`codesign.nn.fold`), and a path names
the same block in PyTorch, in the exported graph and in hardware.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import brevitas.nn as qnn
import torch
import torch.nn.functional as F
from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from codesign.errors import RecipeError
from codesign.networks.codenet import OperatorForm
from codesign.nn.deform import square_depthwise
from codesign.nn.fused import QuantConv2d, QuantIdentity, QuantReLU
from codesign.nn.quantizers import (
    BiasQuantizer,
    DilationQuantizer,
    ImageQuantizer,
    SignedActivationQuantizer,
    StatisticsWeightQuantizer,
    UnclippedWeightQuantizer,
    UnsignedActivationQuantizer,
    WeightQuantizer,
)
from codesign.nn.sampling import DeformConv2d
from codesign.nn.strided import Conv2d
from codesign.recipe import Quantization

WEIGHT_QUANTIZERS = {
    "largest": WeightQuantizer,
    "unclipped": UnclippedWeightQuantizer,
    "statistics": StatisticsWeightQuantizer,
}


MapSize = int | tuple[int, int]
"""Height and width of a map, or the one number that is both."""


class ConvUnit(nn.Module):
    """Convolution, batch norm (in floating point, or before a sign), activation: the smallest block of hardware.

    `shared_act` is an activation that another module owns and registers. `last`: its output is one of the network's.
    """

    def __init__(
        self,
        conv: nn.Conv2d,
        norm: nn.BatchNorm2d | None = None,
        act: nn.Module | None = None,
        shared_act: nn.Module | None = None,
        last: bool = False,
    ) -> None:
        super().__init__()
        self.conv = conv
        self.norm = norm
        self.last = last
        self.act: Any = act  # a module or None; Brevitas, whose quantizers it may have, has no types
        self._shared_act = (shared_act,)  # in a tuple, so that it is registered once, by its owner

    def borrow(self, old: nn.Module | None, new: nn.Module) -> None:
        """Share `new` where it shared `old`."""
        if self._shared_act[0] is not None and self._shared_act[0] is old:
            self._shared_act = (new,)

    def forward(self, *inputs: Tensor) -> Tensor:
        out = self.conv(*inputs)
        if self.norm is not None:
            out = self.norm(out)
        act = self._shared_act[0] or self.act
        return out if act is None else act(out)


class SquareDeformConv2d(nn.Conv2d):
    """Floating-point weights (C, 1, 3, 3) sampled on an integer square grid; called with (x, dilation)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=channels, bias=False)

    def forward(self, x: Tensor, dilation: Tensor) -> Tensor:  # type: ignore[override]  # two inputs
        return square_depthwise(x, self.weight, dilation)


class QuantSquareDeformConv2d(QuantConv2d):
    """The same with quantized weights, and a bias at the accumulator's scale where batch norm was folded in.

    `parameters` are Brevitas' quantizers.
    """

    def __init__(self, channels: int, parameters: Mapping[str, object]) -> None:
        super().__init__(channels, channels, 3, padding=1, groups=channels, **parameters)

    def forward(  # type: ignore[override]  # two inputs
        self, x: Tensor | QuantTensor, dilation: Tensor | QuantTensor
    ) -> Tensor:
        weight, bias = self.quantized_parameters(x)
        return self.normalized(square_depthwise(plain(x), weight, plain(dilation), bias))


class RoundedHardtanh(nn.Module):
    """Rounded and clamped to whole numbers in [-bound, bound]; the gradient passes the rounding straight through."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self.bound = bound

    def forward(self, x: Tensor) -> Tensor:
        clamped = F.hardtanh(x, -self.bound, self.bound)
        return clamped + (clamped.round() - clamped).detach()


class GlobalAverage(nn.Module):
    """(N, C, *size) to (N, C, 1, 1): the sum over the map divided by the first power of two from its pixels on.

    The average where the pixels are that many; otherwise less by a constant factor, which weights make up for. Either
    way integers divide exactly.
    """

    def __init__(self, size: MapSize, act: nn.Module) -> None:
        super().__init__()
        height, width = (size, size) if isinstance(size, int) else size
        self.factor = 0.5 ** (height * width - 1).bit_length()
        self.act = act

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        return self.act(plain(x).sum((2, 3), keepdim=True) * self.factor)


class Residual(nn.Module):
    """relu(a + b). Both must have passed `grid`, so that they are integers of one scale."""

    def __init__(self, grid: nn.Module, act: nn.Module) -> None:
        super().__init__()
        self.grid = grid
        self.act = act

    def forward(self, a: Tensor | QuantTensor, b: Tensor | QuantTensor) -> Tensor | QuantTensor:
        return self.act(plain(a) + plain(b))


class Layers(Protocol):
    """Makes the layers of one kind."""

    def image(self) -> nn.Module:
        """Input quantizer of raw bytes scaled by 2^-8."""

    def activation(self) -> nn.Module:
        """ReLU with its quantizer, for several units to share."""

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
        """Convolution, batch norm or none, ReLU or none, quantizer."""

    def output(self, in_channels: int, out_channels: int) -> ConvUnit:
        """1x1 with bias and no batch norm: the last of a head."""

    def classifier(self, in_channels: int, size: MapSize, classes: int) -> ConvUnit:
        """Fully connected with bias, over a map (N, in_channels, *size): the last layer of a classifier."""

    def average(self, size: MapSize) -> "GlobalAverage":
        """Average over maps (N, C, *size) that are not negative, up to a constant factor."""

    def residual(self) -> "Residual":
        """The sum of two branches, ReLU, and the quantizer that the branches share."""

    def dilation(self, in_channels: int, bound: int) -> ConvUnit:
        """1x1 that computes the integer dilation (N, 1, H, W)."""

    def deform(self, channels: int, *, relu: bool) -> ConvUnit:
        """Square deformable depthwise 3x3, called with (x, dilation); batch norm only before a ReLU."""

    def displacement(self, in_channels: int, form: OperatorForm, bound: int) -> ConvUnit:
        """1x1 that computes the fractional dilation (N, 1, H, W), or 18 offsets, of an operator without hardware."""

    def fractional_deform(self, channels: int, form: OperatorForm, *, relu: bool) -> ConvUnit:
        """That operator, called with (x, displacement); batch norm only before a ReLU."""


class FloatLayers:
    """Floating point; the dilation is rounded here too."""

    def image(self) -> nn.Module:
        return nn.Identity()

    def activation(self) -> nn.Module:
        return nn.ReLU()

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
        conv = Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False)
        act = nn.ReLU() if relu and shared_act is None else None
        return ConvUnit(conv, nn.BatchNorm2d(out_channels) if norm else None, act, shared_act)

    def output(self, in_channels: int, out_channels: int) -> ConvUnit:
        return ConvUnit(nn.Conv2d(in_channels, out_channels, 1))

    def classifier(self, in_channels: int, size: MapSize, classes: int) -> ConvUnit:
        return ConvUnit(nn.Conv2d(in_channels, classes, size))

    def average(self, size: MapSize) -> GlobalAverage:
        return GlobalAverage(size, self.activation())

    def residual(self) -> Residual:
        return Residual(nn.Identity(), self.activation())

    def dilation(self, in_channels: int, bound: int) -> ConvUnit:
        return ConvUnit(nn.Conv2d(in_channels, 1, 1), act=RoundedHardtanh(bound))

    def deform(self, channels: int, *, relu: bool) -> ConvUnit:
        return _after(SquareDeformConv2d(channels), relu)

    def displacement(self, in_channels: int, form: OperatorForm, bound: int) -> ConvUnit:
        conv = nn.Conv2d(in_channels, 1 if form.sampling.startswith("square") else 18, 1)
        limit = {
            "deformable": nn.Identity(),
            "bounded": nn.Hardtanh(-bound, bound),
            "square": nn.Hardtanh(-bound, bound),
            "square-integer": RoundedHardtanh(bound),
        }
        return ConvUnit(conv, act=limit[form.sampling])

    def fractional_deform(self, channels: int, form: OperatorForm, *, relu: bool) -> ConvUnit:
        return _after(DeformConv2d(channels, depthwise=form.depthwise), relu)


def _after(conv: nn.Conv2d, relu: bool) -> ConvUnit:
    return ConvUnit(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU()) if relu else ConvUnit(conv)


class QuantLayers:
    """Brevitas layers for networks whose batch norm is folded into the convolutions."""

    def __init__(self, widths: Quantization) -> None:
        self.widths = widths

    def image(self) -> nn.Module:
        return qnn.QuantIdentity(ImageQuantizer, return_quant_tensor=True)

    def activation(self, bits: int | None = None) -> nn.Module:
        bits = bits or self.widths.activation_bits
        return QuantReLU(UnsignedActivationQuantizer, bit_width=bits, **self._calibration())

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
        bits = self.widths.stem_weight_bits if stem else self.widths.weight_bits
        conv = QuantConv2d(
            in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, **self.parameters(norm, bits)
        )
        if shared_act is not None:
            return ConvUnit(conv, shared_act=shared_act)
        return ConvUnit(conv, act=self.activation() if relu else self.signed(self.widths.activation_bits))

    def output(self, in_channels: int, out_channels: int) -> ConvUnit:
        conv = QuantConv2d(in_channels, out_channels, 1, **self.parameters(True, self.widths.weight_bits))
        return ConvUnit(conv, act=self.signed(self.widths.output_bits), last=True)

    def classifier(self, in_channels: int, size: MapSize, classes: int) -> ConvUnit:
        conv = QuantConv2d(in_channels, classes, size, **self.parameters(True, self.widths.stem_weight_bits))
        return ConvUnit(conv, act=self.signed(self.widths.output_bits), last=True)

    def average(self, size: MapSize) -> GlobalAverage:
        return GlobalAverage(size, self.activation())

    def residual(self) -> Residual:
        return Residual(self.signed(self.widths.activation_bits), self.activation())

    def dilation(self, in_channels: int, bound: int) -> ConvUnit:
        conv = QuantConv2d(in_channels, 1, 1, **self.parameters(True, self.widths.weight_bits))
        bits = bound.bit_length() + 1
        quantizer = qnn.QuantIdentity(
            DilationQuantizer, bit_width=bits, scaling_init=2.0 ** (bits - 1), return_quant_tensor=True
        )
        exact = bound == 2 ** (bits - 1) - 1
        return ConvUnit(conv, act=quantizer if exact else nn.Sequential(nn.Hardtanh(-bound, bound), quantizer))

    def deform(self, channels: int, *, relu: bool) -> ConvUnit:
        conv = QuantSquareDeformConv2d(channels, self.parameters(relu, self.widths.weight_bits))
        return ConvUnit(conv, act=self.activation() if relu else self.signed(self.widths.activation_bits))

    def displacement(self, in_channels: int, form: OperatorForm, bound: int) -> ConvUnit:
        raise _no_quantized_form()

    def fractional_deform(self, channels: int, form: OperatorForm, *, relu: bool) -> ConvUnit:
        raise _no_quantized_form()

    def parameters(self, bias: bool, weight_bits: int) -> dict[str, object]:
        """Brevitas' quantizers of a convolution."""
        return {
            "bias": bias,
            "weight_quant": WEIGHT_QUANTIZERS[self.widths.weight_scale],
            "weight_bit_width": weight_bits,
            "bias_quant": BiasQuantizer if bias else None,
        }

    def signed(self, bits: int) -> nn.Module:
        """Quantizer alone, where no ReLU stands before."""
        return QuantIdentity(SignedActivationQuantizer, bit_width=bits, **self._calibration())

    def _calibration(self) -> dict[str, object]:
        return {
            "high_percentile_q": self.widths.activation_percentile,
            "collect_stats_steps": self.widths.calibration_batches,
            "return_quant_tensor": True,
        }


def _no_quantized_form() -> RecipeError:
    return RecipeError(
        "this operator exists in floating point only",
        where="model.decoder.operator",
        remedy="choose square-integer-depthwise, or one that samples a fixed grid",
    )


def plain(x: Tensor | QuantTensor) -> Tensor:
    """The values of a tensor, quantized or not."""
    return x.value if isinstance(x, QuantTensor) else x


def move(function: Callable[..., Tensor], *tensors: Tensor | QuantTensor) -> Tensor | QuantTensor:
    """Apply a function that only moves values about, so that the first tensor's quantizer holds for the result."""
    first = tensors[0]
    result = function(*map(plain, tensors))
    return first.set(value=result) if isinstance(first, QuantTensor) else result


class MaxPool2d(nn.MaxPool2d):
    """Max-pooling of tensors, quantized or not."""

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        return move(super().forward, x)


class Upsample2x(nn.Module):
    """Nearest-neighbour upsampling, (N, C, H, W) to (N, C, 2H, 2W)."""

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        return move(lambda value: F.interpolate(value, scale_factor=2, mode="nearest"), x)


def split_halves(x: Tensor | QuantTensor) -> tuple[Tensor | QuantTensor, Tensor | QuantTensor]:
    """The lower and the upper half of the channels."""
    low, high = torch.chunk(plain(x), 2, dim=1)
    return move(lambda _: low, x), move(lambda _: high, x)


def concat_shuffle(low: Tensor | QuantTensor, high: Tensor | QuantTensor) -> Tensor | QuantTensor:
    """Concatenate two tensors of one quantizer and interleave their channels (channel shuffle, 2 groups)."""
    return move(lambda a, b: _shuffle(torch.cat((a, b), 1), 2), low, high)


def channel_shuffle(x: Tensor | QuantTensor, groups: int) -> Tensor | QuantTensor:
    """The channels of each of `groups` runs spread over all: group convolutions behind it see every run."""
    return move(lambda value: _shuffle(value, groups), x)


def _shuffle(x: Tensor, groups: int) -> Tensor:
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)
