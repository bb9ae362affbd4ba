"""Requantization as LiteRT's reference kernels compute it, in exact integers.

Most multiply by 32-bit integers and shift, rounding twice. All of it rises with the sum, since a rounding does, so the
integer graph has it as thresholds, or a shorter multiplier.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError

Integers = NDArray[np.int64]

Rescaling = Callable[[Integers], Integers]
"""From sums (..., C) to integers at the scale of the result, before any clamp."""

OVERFLOWS, LARGER = "a sum overflows 32 bits when it is rescaled", "quantize its output to a larger scale"
LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Real factors as TFLite holds them: mantissa * 2^(exponent - 31), one for all channels or one for each.

    mantissa: (1,) or (C,) integers in [2^30, 2^31), or 0; exponent: of the same shape, from -31 to 30.
    """

    mantissa: Integers
    exponent: Integers


def multipliers(factors: Sequence[float]) -> Multipliers:
    """The factors, each rounded to 31 bits, halves away from zero; what is below 2^-32 becomes 0.

    Raises GraphError for factors that are not positive and finite, or are too large for a 32-bit shift.
    """
    pairs = [_quantized(factor) for factor in factors]
    mantissa, exponent = zip(*pairs, strict=True)
    return Multipliers(np.array(mantissa, np.int64), np.array(exponent, np.int64))


def _quantized(factor: float) -> tuple[int, int]:
    if not 0 < factor < math.inf:
        raise GraphError(f"rescales by {factor:g}, which is no positive number", remedy="convert the file again")
    fraction, exponent = math.frexp(factor)
    mantissa = math.floor(fraction * (1 << 31) + 0.5)  # exact: a float64 has 53 bits
    if mantissa == 1 << 31:
        mantissa, exponent = mantissa // 2, exponent + 1
    if exponent < -31:
        return 0, 0
    if exponent > 30:
        raise GraphError(f"rescales by {factor:g}, beyond 2^30", remedy="convert the file again")
    return mantissa, exponent


def multiplied(sums: Integers, by: Multipliers) -> Integers:
    """`sums * factor` for sums (..., C) of 32 bits, rounded twice: to the high half of the product, then by the shift.

    It is TFLite's `MultiplyByQuantizedMultiplier`. The high half rounds halves up, the shift rounds halves away from
    zero. Raises GraphError where TFLite's own 32-bit shift to the left would overflow.
    """
    left, right = np.maximum(by.exponent, 0), np.maximum(-by.exponent, 0)
    shifted = np.asarray(sums, np.int64) << left
    if shifted.size and (shifted.min() < LOWEST or shifted.max() > HIGHEST):
        raise GraphError(OVERFLOWS, remedy=LARGER)
    return _divided(_high_half(shifted * by.mantissa), right)


def rounded_twice(factors: Sequence[float]) -> Rescaling:
    """`multiplied` by the factors: what convolutions do. Raises GraphError as `multipliers` does."""
    by = multipliers(factors)
    return lambda sums: multiplied(sums, by)


def rounded_once(factors: Sequence[float]) -> Rescaling:
    """sums (..., C) times the factors in float64, halves away from zero: what fully connected layers of LiteRT do."""
    row = np.array(factors)

    def function(sums: Integers) -> Integers:
        real = np.abs(sums * row)
        if real.size and real.max() > HIGHEST:
            raise GraphError(OVERFLOWS, remedy=LARGER)
        whole = np.floor(real)
        nearest: Integers = (np.sign(sums) * (whole + (real - whole >= 0.5))).astype(np.int64)
        return nearest

    return function


def _high_half(product: Integers) -> Integers:
    """product / 2^31 as TFLite's `SaturatingRoundingDoublingHighMul` rounds it.

    That adds 2^30, or 1 - 2^30 to negative products, and divides towards zero: halves go up.
    """
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    return np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))


def _divided(values: Integers, shift: Integers) -> Integers:
    """values / 2^shift to the nearest, halves away from zero: TFLite's `RoundingDivideByPOT`."""
    mask = (np.int64(1) << shift) - 1
    threshold = (mask >> 1) + (values < 0)
    result: Integers = (values >> shift) + ((values & mask) > threshold)
    return result


def mean_multiplier(factor: float, count: int) -> Multipliers:
    """factor / count as TFLite's mean has it: of the factor's 31 bits as many as fit are divided, rounded down."""
    by = multipliers([factor])
    exponent = int(by.exponent[0])
    shift = min(count.bit_length() - 1, 32, 31 + exponent)
    return Multipliers((by.mantissa << shift) // count, by.exponent - shift)


def averaged(sums: Integers, count: int) -> Integers:
    """sums / count to the nearest, halves away from zero: the average pooling of codes, zero points included."""
    half = np.abs(sums) + count // 2
    result: Integers = np.sign(sums) * (half // count)
    return result
