"""Brevitas' quantizers of `codesign.nn.quantizers`, computed in few passes while a network trains.

The layers here are Brevitas' own: same parameters, same state, same export. Only when they train, and after their
statistics are collected, do they replace the chains of small operations behind a quantizer by one function each, with
the same values to the bit and the same gradients up to the order of float additions. Let q(x) = clamp(round(x / s)):

    activation  d/dx = 1 inside the clamp, else 0          d/ds = sum of  q - [inside] x / s
    weight      d/dx = 1, and the full scale's gradient    d/ds = sum of  q - x / s, per channel
    bias        d/dx = 1                                   d/ds = q - x / s, and s = s_input s_weight

Scales are powers of two whose exponent is rounded straight through: s = 2^round(v) / t has ds/dv = s ln 2.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.core.function_wrapper import CeilSte
from brevitas.core.scaling import ParameterFromRuntimeStatsScaling
from brevitas.quant_tensor import IntQuantTensor, QuantTensor
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from codesign.nn.norm import TrainedNorm, folded_into
from codesign.nn.quantizers import TwiceMeanMagnitude
from codesign.nn.strided import conv2d

BIAS_RANGE = (-(2.0**31), 2.0**31 - 1)


@dataclass(frozen=True)
class ActivationBounds:
    """What the quantizer of an activation is made of, besides its scale."""

    low: float
    """Smallest integer."""
    high: float
    """Largest integer."""
    below: float
    """The gradient passes above this number of steps."""
    above: float
    """And below this one."""
    minimum: float
    """Smallest full scale."""
    steps: float
    """Integers in the full scale."""
    bits: float


@dataclass(frozen=True)
class WeightBounds:
    """The same of weights."""

    minimum: float
    """Smallest full scale."""
    steps: float
    """Integers in the full scale."""
    limit: float
    """Largest integer."""
    statistics: bool
    """Full scale from the mean magnitude, not from the largest."""
    upwards: bool
    """Whether it is rounded up to a power of two, not to the nearest one."""


class QuantizeActivation(Function):
    """x (any shape) to q(x) s, and s = max(2^ceil(v), minimum) / steps, straight through rounding and minimum.

    The gradient of x passes where `below` < x / s < `above`.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, exponent: Tensor, bounds: ActivationBounds) -> tuple[Tensor, Tensor]:
        power = 2.0 ** math.ceil(exponent.item())
        scale = max(power, bounds.minimum) / bounds.steps
        out = (x / scale).round_().clamp_(bounds.low, bounds.high).mul_(scale)
        ctx.save_for_backward(x, out)
        ctx.scale, ctx.slope, ctx.bounds = scale, power * math.log(2) / bounds.steps, bounds
        return out, exponent.new_full((), scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, grad_scale: Tensor) -> tuple[Tensor, Tensor, None]:
        x, out = ctx.saved_tensors
        limits = ctx.bounds.below * ctx.scale, ctx.bounds.above * ctx.scale
        grad_x = torch.ops.aten.hardtanh_backward(grad, x, *limits)
        total = grad_scale + (_inner(grad, out) - _inner(grad_x, x)) / ctx.scale
        return grad_x, total * ctx.slope, None


class QuantizeParameters(Function):
    """w (O, ...) and b (O,) or none to q(w) s and q(b) s s_input; each channel's magnitudes set s.

    One function for both, as the bias' scale is the weight's times the input's: every function costs a fixed time.
    """

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, bias: Tensor | None, input_scale: Tensor, bounds: WeightBounds
    ) -> tuple[Tensor, Tensor | None]:
        scale, slope, place = _channel_scales(weight, bounds)
        per_filter = _per_filter(scale, weight)
        out = (weight / per_filter).round_().clamp_(-bounds.limit, bounds.limit).mul_(per_filter)
        ctx.save_for_backward(weight, out, scale, slope, place, bias, input_scale)
        if bias is None:
            return out, None
        total_scale = scale * input_scale
        return out, (bias / total_scale).round_().clamp_(*BIAS_RANGE).mul_(total_scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, grad_bias: Tensor | None) -> tuple[Tensor, Tensor | None, Tensor | None, None]:
        weight, out, scale, slope, place, bias, input_scale = ctx.saved_tensors
        grad_scale = _row_products(grad, out - weight) / scale
        grad_input = None
        if bias is not None:
            steps = bias / (scale * input_scale)
            error = (steps.round() - steps).mul_(grad_bias)
            grad_input = torch.dot(error, scale).reshape(input_scale.shape)
            grad_scale.addcmul_(error, input_scale)
        grad_weight = _with_scale_gradient(grad, weight, grad_scale.mul_(slope), place)
        return grad_weight, grad_bias, grad_input, None


def _channel_scales(weight: Tensor, bounds: WeightBounds) -> tuple[Tensor, Tensor, Tensor | None]:
    """For each channel of (O, ...): scale, its derivative by the full scale (O,); which weight is that, if one is."""
    magnitudes = weight.flatten(1).abs()
    full, place = (2 * magnitudes.mean(1), None) if bounds.statistics else magnitudes.max(1)
    full = full.clamp_min_(bounds.minimum)
    exponent = torch.log2(full)
    power = 2.0 ** (exponent.ceil_() if bounds.upwards else exponent.round_())
    scale = power.clamp_min(bounds.minimum).div_(bounds.steps)
    return scale, power.div_(full).div_(bounds.steps), place


def _per_filter(values: Tensor, weight: Tensor) -> Tensor:
    """One value a channel (O,) in the form of weights (O, ...)."""
    return values.reshape(-1, *[1] * (weight.ndim - 1))


def _with_scale_gradient(grad: Tensor, weight: Tensor, grad_full: Tensor, place: Tensor | None) -> Tensor:
    """The straight-through gradient (O, ...) and, of the full scale's (O,), what reaches the weights."""
    rows = weight.flatten(1)
    if place is None:
        return grad + (rows.sign() * (grad_full * (2 / rows.shape[1])).unsqueeze(1)).reshape(weight.shape)
    place = place.unsqueeze(1)
    at_largest = rows.gather(1, place).sign_().mul_(grad_full.unsqueeze(1))
    return grad.flatten(1).scatter_add(1, place, at_largest).reshape(weight.shape)


def _row_products(a: Tensor, b: Tensor) -> Tensor:
    """(O, ...) twice to the inner product of each pair of rows (O,)."""
    return torch.bmm(a.flatten(1).unsqueeze(1), b.flatten(1).unsqueeze(2)).flatten()


def _inner(a: Tensor, b: Tensor) -> Tensor:
    """Sum of products, without a temporary where both lie in memory alike."""
    if a.is_contiguous() and b.is_contiguous():
        return torch.dot(a.flatten(), b.flatten())
    last = torch.channels_last
    if a.ndim == 4 and a.is_contiguous(memory_format=last) and b.is_contiguous(memory_format=last):
        return torch.dot(a.permute(0, 2, 3, 1).flatten(), b.permute(0, 2, 3, 1).flatten())
    return (a * b).sum()


class _FusedActivation(torch.nn.Module):
    """Mixed into a Brevitas activation layer whose scale is learned from statistics."""

    act_quant: Any
    rectified: bool

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        if not self.training or self.act_quant.export_mode or not self._calibrated:
            return super().forward(x)
        value = x.value if isinstance(x, QuantTensor) else x
        bounds = self._bounds
        out, scale = QuantizeActivation.apply(value, self._scaling.value, bounds)
        bits = scale.new_full((), bounds.bits)
        return IntQuantTensor(out, scale, scale.new_zeros(()), bits, self.act_quant.is_signed, True)

    @property
    def _calibrated(self) -> bool:
        scaling = self._scaling
        learned = isinstance(scaling, ParameterFromRuntimeStatsScaling)
        return learned and bool(scaling.counter > scaling.collect_stats_steps)

    @property
    def _scaling(self) -> Any:
        return self.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl

    @cached_property
    def _bounds(self) -> ActivationBounds:
        quant = self.act_quant.fused_activation_quant_proxy.tensor_quant
        bits = quant.msb_clamp_bit_width_impl()
        low, high = float(quant.int_quant.min_int(bits)), float(quant.int_quant.max_int(bits))
        return ActivationBounds(
            low=low,
            high=high,
            below=0.0 if self.rectified else _excluded(low, -1),
            above=_excluded(high, 1),
            minimum=float(quant.scaling_impl.clamp_scaling.min_val),
            steps=float(quant.int_scaling_impl(bits)),
            bits=float(bits),
        )


def _excluded(limit: float, outwards: int) -> float:
    """The first float32 beyond `limit` that is not rounded, half to even, to it."""
    half = np.float32(limit + outwards / 2)
    return float(half) if limit % 2 else float(np.nextafter(half, np.float32(outwards * np.inf)))


class QuantReLU(_FusedActivation, qnn.QuantReLU):
    """ReLU and quantizer."""

    rectified = True


class QuantIdentity(_FusedActivation, qnn.QuantIdentity):
    """Quantizer."""

    rectified = False


class QuantConv2d(qnn.QuantConv2d):
    """Convolution with quantized weights and bias. Gives plain accumulators while it trains.

    `norm` is a batch norm that takes part in training only (`keep_norm`), and is then folded in.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.norm: TrainedNorm | None = None

    def keep_norm(self) -> None:
        """Train with a batch norm of its own, instead of a bias."""
        self.bias = None
        self.norm = TrainedNorm(self.out_channels)

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        if self._is_brevitas_own:
            return super().forward(x)
        weight, bias = self.quantized_parameters(x)
        out = conv2d(_value(x), weight, bias, self.stride, self.padding, self.dilation, self.groups)
        return self.normalized(out)

    def normalized(self, out: Tensor) -> Tensor:
        """Its output from that of the convolution with `quantized_parameters`."""
        return out if self.norm is None or not self.norm.training else self.norm(out)

    def quantized_parameters(self, x: Tensor | QuantTensor) -> tuple[Tensor, Tensor | None]:
        """Weight, and bias or none, as Brevitas' quantizers give them for an input of x's scale.

        A batch norm whose statistics follow makes the bias needless.
        """
        if self._is_brevitas_own:
            weight = self.quant_weight()
            bias = None if self.bias is None else self.bias_quant(self.bias, x, weight)
            return _value(weight), bias if bias is None else _value(bias)
        assert isinstance(x, QuantTensor)
        weight, bias = self.float_parameters()
        if self.norm is not None and self.norm.training:
            bias = None
        return QuantizeParameters.apply(weight, bias, x.scale, self._bounds)

    def float_parameters(self) -> tuple[Tensor, Tensor | None]:
        """What is quantized: weight (O, I, K, K), and bias (O,) or none."""
        return (self.weight, self.bias) if self.norm is None else folded_into(self.weight, self.norm)

    @property
    def _is_brevitas_own(self) -> bool:
        return self.norm is None and (not self.training or self.weight_quant.export_mode)

    @torch.no_grad()
    def weight_steps(self) -> Tensor:
        """Weights as multiples of their scale, clamped but not rounded."""
        weight, _ = self.float_parameters()
        limit = self.largest_integer
        return (weight / _per_filter(self.weight_scales(), weight)).clamp_(-limit, limit)

    @torch.no_grad()
    def weight_scales(self) -> Tensor:
        """Real value of one step of each output channel's weights (O,)."""
        weight, _ = self.float_parameters()
        return _channel_scales(weight, self._bounds)[0]

    @torch.no_grad()
    def quantized_weight(self) -> Tensor:
        """What it computes with (O, I, K, K)."""
        return self.weight_steps().round_() * _per_filter(self.weight_scales(), self.weight)

    @property
    def largest_integer(self) -> float:
        """The largest magnitude of its integer weights."""
        return self._bounds.limit

    @cached_property
    def _bounds(self) -> WeightBounds:
        quant = self.weight_quant.tensor_quant
        scaling, bits = quant.scaling_impl, quant.msb_clamp_bit_width_impl()
        restrict = scaling.stats_scaling_impl.restrict_clamp_scaling.restrict_value_impl
        return WeightBounds(
            minimum=float(scaling.stats_scaling_impl.clamp_scaling.min_val),
            steps=float(quant.int_scaling_impl(bits)),
            limit=float(quant.int_quant.max_int(bits)),
            statistics=isinstance(scaling.parameter_list_stats.stats.stats_impl, TwiceMeanMagnitude),
            upwards=isinstance(restrict.float_to_int_impl, CeilSte),
        )


def _value(x: Tensor | QuantTensor) -> Tensor:
    return x.value if isinstance(x, QuantTensor) else x
