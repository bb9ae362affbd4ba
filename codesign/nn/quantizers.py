"""Brevitas quantizers of the project: integers with power-of-two scales, rounding half to even.

Weights: signed, narrow range, one scale per output channel from the channel's largest or mean magnitude.
Activations: one scale per tensor, set from a percentile in calibration, then learned.
Biases: integers at the accumulator's scale (input scale times weight scale).
Binary weights and activations: -1 or +1 times a scale, weights one a channel from its mean magnitude, activations 1.
"""

from brevitas.core.function_wrapper import CeilSte, RoundSte
from brevitas.core.scaling import ParameterFromRuntimeStatsScaling
from brevitas.core.stats import AbsAve
from brevitas.inject.enum import (
    QuantType,
    RestrictValueType,
    ScalingImplType,
    ScalingPerOutputType,
    StatsOp,
)
from brevitas.quant.binary import SignedBinaryActPerTensorConst
from brevitas.quant.fixed_point import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerChannelFixedPoint,
    Uint8ActPerTensorFixedPoint,
)
from brevitas.quant.scaled_int import Int32Bias
from brevitas.quant.solver import WeightQuantSolver
from torch import Tensor

SMALLEST_RANGE = 2.0**-8
"""Smallest full scale of a weight channel or activation: keeps bias integers within float32's exact 24 bits."""


class WeightQuantizer(Int8WeightPerChannelFixedPoint):
    """Signed narrow weights; the largest magnitude is rounded to a power of two, so it may clip by up to sqrt(2)."""

    scaling_min_val = SMALLEST_RANGE
    restrict_value_float_to_int_impl = RoundSte


class TwiceMeanMagnitude(AbsAve):
    """2 E|w| of each channel: the full scale of "Oscillation-free Quantization" (Liu, Liu, Cheng, arXiv 2302.02210)."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class StatisticsWeightQuantizer(WeightQuantizer):
    """The same with a full scale of twice the mean magnitude, likewise rounded."""

    scaling_stats_impl = TwiceMeanMagnitude


class UnclippedWeightQuantizer(WeightQuantizer):
    """Signed narrow weights; the largest magnitude is rounded up to a power of two, so that nothing is clipped."""

    restrict_value_float_to_int_impl = CeilSte


class BiasQuantizer(Int32Bias):
    """Signed integers at the accumulator's scale."""


class LearnedScaling(ParameterFromRuntimeStatsScaling):
    """Brevitas' own, whose bound is one of the full scale in evaluation too, as it is in training.

    Brevitas evaluates with the bound laid on the step, so that a small full scale would run coarser than it trained.
    """

    def forward(self, stats_input: Tensor, threshold: Tensor | None = None) -> Tensor:
        if self.training or threshold is None:
            return super().forward(stats_input, threshold)
        calibrating = self.counter <= self.collect_stats_steps
        exponent = self.restrict_scaling_pre(self.buffer) if calibrating else self.value
        steps = self.restrict_threshold(self.restrict_threshold_pre(threshold))
        return self.clamp_scaling(self.restrict_scaling(exponent)) / steps


class UnsignedActivationQuantizer(Uint8ActPerTensorFixedPoint):
    """After a ReLU."""

    scaling_impl = LearnedScaling
    scaling_min_val = SMALLEST_RANGE


class SignedActivationQuantizer(Int8ActPerTensorFixedPoint):
    """Where no ReLU stands before: after a depthwise convolution and at the outputs."""

    scaling_impl = LearnedScaling
    scaling_min_val = SMALLEST_RANGE


class ImageQuantizer(Uint8ActPerTensorFixedPoint):
    """Raw bytes: unsigned 8 bit, scale 2^-8 exactly, nothing to learn."""

    scaling_impl_type = ScalingImplType.CONST
    scaling_init = 1.0


class DilationQuantizer(Int8ActPerTensorFixedPoint):
    """Integers of scale 1, signed and narrow: `bit_width` b holds -(2^(b-1) - 1) .. 2^(b-1) - 1.

    `scaling_init` must be 2^(b-1), the full scale that makes the scale 1.
    """

    narrow_range = True
    scaling_impl_type = ScalingImplType.CONST


class BinaryWeightQuantizer(WeightQuantSolver):
    """-1 or +1; the gradient passes the sign straight through. The batch norm behind makes the scale no matter."""

    quant_type = QuantType.BINARY
    signed = True
    scaling_impl_type = ScalingImplType.STATS
    scaling_stats_op = StatsOp.AVE
    scaling_per_output_type = ScalingPerOutputType.CHANNEL
    restrict_scaling_type = RestrictValueType.POWER_OF_TWO
    restrict_value_float_to_int_impl = RoundSte
    scaling_min_val = SMALLEST_RANGE


class BinaryActivationQuantizer(SignedBinaryActPerTensorConst):
    """-1 or +1; the gradient passes the sign where the magnitude is at most 1."""

    scaling_const = 1.0
