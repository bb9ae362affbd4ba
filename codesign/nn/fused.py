"""Brevitas' quantizers of `codesign.nn.quantizers`, computed in few passes while a network trains.

The layers here are Brevitas' own: same parameters, same state, same export. Only when they train, and after their
statistics are collected, do they replace the chains of small operations behind a quantizer by one function each, with
the same values to the bit and the same gradients up to the order of float additions. Let q(x) = clamp(round(x / s)):

    activation  d/dx = 1 inside the clamp, else 0          d/ds = sum of  q - [inside] x / s
    weight      d/dx = 1                                   d/ds = sum of  q - x / s, per channel
    bias        d/dx = 1                                   d/ds = q - x / s, and s = s_input s_weight

Scales are powers of two whose exponent is rounded straight through: s = 2^round(v) / t has ds/dv = s ln 2.
"""

import math
from functools import cached_property

import brevitas.nn as qnn
import numpy as np
import torch
import torch.nn.functional as F
from brevitas.core.scaling import ParameterFromRuntimeStatsScaling
from brevitas.quant_tensor import IntQuantTensor, QuantTensor
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

BIAS_RANGE = (-(2.0**31), 2.0**31 - 1)


class QuantizeActivation(Function):
    """x (any shape) to q(x) s, with one scale. The gradient passes where `below` < x / s < `above`."""

    @staticmethod
    def forward(ctx, x: Tensor, scale: Tensor, low: float, high: float, below: float, above: float) -> Tensor:
        out = (x / scale).round_().clamp_(low, high).mul_(scale)
        ctx.save_for_backward(x, out, scale)
        ctx.limits = below, above
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        x, out, scale = ctx.saved_tensors
        below, above = (limit * float(scale) for limit in ctx.limits)
        grad_x = torch.ops.aten.hardtanh_backward(grad, x, below, above)
        grad_scale = (_inner(grad, out) - _inner(grad_x, x)) / scale
        return grad_x, grad_scale.reshape(scale.shape), None, None, None, None


class LearnedScale(Function):
    """max(2^ceil(v), minimum) / steps, straight through the rounding and the minimum."""

    @staticmethod
    def forward(ctx, value: Tensor, minimum: float, steps: float) -> Tensor:
        power = 2.0 ** torch.ceil(value)
        ctx.save_for_backward(power)
        ctx.steps = steps
        return power.clamp_min(minimum) / steps

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        (power,) = ctx.saved_tensors
        return grad * power * (math.log(2) / ctx.steps), None, None


class QuantizeWeight(Function):
    """w (O, ...) to q(w) s and s (O, 1, ...); each channel's largest magnitude, rounded to a power of two, sets s."""

    @staticmethod
    def forward(ctx, weight: Tensor, minimum: float, steps: float, limit: float) -> tuple[Tensor, Tensor]:
        largest, place = weight.flatten(1).abs().max(1)
        largest = largest.clamp_min(minimum)
        power = 2.0 ** torch.round(torch.log2(largest))
        scale = (power.clamp_min(minimum) / steps).reshape(-1, *[1] * (weight.ndim - 1))
        out = (weight / scale).round_().clamp_(-limit, limit).mul_(scale)
        ctx.save_for_backward(weight, out, scale, power / (steps * largest), place)
        return out, scale

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor, grad_scale: Tensor):
        weight, out, scale, slope, place = ctx.saved_tensors
        rows, place = weight.flatten(1), place.unsqueeze(1)
        total = grad_scale.flatten() + (grad * (out - weight)).flatten(1).sum(1) / scale.flatten()
        at_largest = (total * slope).unsqueeze(1) * rows.gather(1, place).sign()
        return grad.flatten(1).scatter_add(1, place, at_largest).reshape(weight.shape), None, None, None


class QuantizeBias(Function):
    """b (O,) to integers at the accumulator's scale, the input's times the weight's."""

    @staticmethod
    def forward(ctx, bias: Tensor, input_scale: Tensor, weight_scale: Tensor) -> Tensor:
        scale = weight_scale.flatten() * input_scale.flatten()
        out = (bias / scale).round_().clamp_(*BIAS_RANGE).mul_(scale)
        ctx.save_for_backward(bias, out, input_scale, weight_scale, scale)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        bias, out, input_scale, weight_scale, scale = ctx.saved_tensors
        error = grad * (out - bias) / scale
        grad_input = (error * weight_scale.flatten()).sum().reshape(input_scale.shape)
        grad_weight = (error * input_scale.flatten()).reshape(weight_scale.shape)
        return grad, grad_input, grad_weight


def _inner(a: Tensor, b: Tensor) -> Tensor:
    """Sum of products, without a temporary where both lie in memory alike."""
    if a.is_contiguous() and b.is_contiguous():
        return torch.dot(a.flatten(), b.flatten())
    last = torch.channels_last
    if a.ndim == 4 and a.is_contiguous(memory_format=last) and b.is_contiguous(memory_format=last):
        return torch.dot(a.permute(0, 2, 3, 1).flatten(), b.permute(0, 2, 3, 1).flatten())
    return (a * b).sum()


class _FusedActivation:
    """Mixed into a Brevitas activation layer whose scale is learned from statistics."""

    rectified: bool

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        if not self.training or self.act_quant.export_mode or not self._calibrated:
            return super().forward(x)
        low, high, steps, bits = self._constants
        scale = LearnedScale.apply(self._scaling.value, self._scaling.clamp_scaling.min_val, steps)
        below = 0.0 if self.rectified else _excluded(low, -1)
        value = x.value if isinstance(x, QuantTensor) else x
        out = QuantizeActivation.apply(value, scale, low, high, below, _excluded(high, 1))
        return IntQuantTensor(out, scale, scale.new_zeros(()), scale.new_full((), bits), self.act_quant.is_signed, True)

    @property
    def _calibrated(self) -> bool:
        scaling = self._scaling
        learned = isinstance(scaling, ParameterFromRuntimeStatsScaling)
        return learned and scaling.counter > scaling.collect_stats_steps

    @property
    def _scaling(self) -> torch.nn.Module:
        return self.act_quant.fused_activation_quant_proxy.tensor_quant.scaling_impl

    @cached_property
    def _constants(self) -> tuple[float, float, float, float]:
        """Smallest and largest integer, integers in the full scale, bit width."""
        quant = self.act_quant.fused_activation_quant_proxy.tensor_quant
        bits = quant.msb_clamp_bit_width_impl()
        limits = (float(quant.int_quant.min_int(bits)), float(quant.int_quant.max_int(bits)))
        return *limits, float(quant.int_scaling_impl(bits)), float(bits)


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
    """Convolution with quantized weights and bias. Gives plain accumulators while it trains."""

    def forward(self, x: Tensor | QuantTensor) -> Tensor | QuantTensor:
        if not self.training or self.weight_quant.export_mode:
            return super().forward(x)
        weight, bias = self.quantized_parameters(x)
        return F.conv2d(x.value, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def quantized_parameters(self, x: Tensor | QuantTensor) -> tuple[Tensor, Tensor | None]:
        """Weight, and bias or none, as Brevitas' quantizers give them for an input of x's scale."""
        if not self.training or self.weight_quant.export_mode:
            weight = self.quant_weight()
            bias = None if self.bias is None else self.bias_quant(self.bias, x, weight)
            return _value(weight), bias if bias is None else _value(bias)
        weight, scale = QuantizeWeight.apply(self.weight, *self._weight_constants)
        return weight, None if self.bias is None else QuantizeBias.apply(self.bias, x.scale, scale)

    @cached_property
    def _weight_constants(self) -> tuple[float, float, float]:
        """Smallest full scale, integers in the full scale, largest integer."""
        quant = self.weight_quant.tensor_quant
        bits = quant.msb_clamp_bit_width_impl()
        minimum = quant.scaling_impl.stats_scaling_impl.clamp_scaling.min_val
        return float(minimum), float(quant.int_scaling_impl(bits)), float(quant.int_quant.max_int(bits))


def _value(x: Tensor | QuantTensor) -> Tensor:
    return x.value if isinstance(x, QuantTensor) else x
