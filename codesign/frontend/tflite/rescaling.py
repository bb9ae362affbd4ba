"""TFLite's requantization of a layer's sums, and its average of codes, as thresholds of the integer graph.

The integer graph holds q - zero in place of a code q, so a zero point only moves the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.frontend.tflite.fixed_point import Integers, Rescaling, averaged, mean_multiplier, multiplied
from codesign.frontend.thresholds import operator_of
from codesign.graph import TensorType
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold

Step = Threshold | Rescale | Lookup


@dataclass(frozen=True)
class Code:
    """How a file writes a tensor: real = (q - zero) * scale, with q from lo to hi.

    lo, hi: the bounds of the type, or what a fused activation function leaves of them.
    """

    scale: float
    zero: int
    lo: int = -128
    hi: int = 127

    @property
    def bounds(self) -> tuple[int, int]:
        """The bounds of q - zero."""
        return self.lo - self.zero, self.hi - self.zero

    def codes(self, q: Integers) -> Integers:
        """The codes of integers q - zero; of what a type holds beyond them and nothing computes, the nearest."""
        clipped: Integers = np.clip(q + self.zero, self.lo, self.hi)
        return clipped


def rescaled(kind: TensorType, rescaling: Rescaling, result: Code) -> Step:
    """What TFLite's kernels make of a layer's sums of type `kind`: rescaled, plus the zero point, clamped.

    Raises GraphError as `operator_of` and `rescaling` do.
    """

    def function(sums: Integers) -> Integers:
        clamped: Integers = np.clip(rescaling(sums), *result.bounds)
        return clamped

    return operator_of(function, kind, result.bounds, result.scale)


def average(kind: TensorType, count: int, result: Code) -> Step:
    """What TFLite makes of `count` times the average of integers q - zero, which is of type `kind`: of sums of as many.

    It averages the codes q themselves, so that halves are rounded away from code 0, not from the real 0.
    """

    def function(sums: Integers) -> Integers:
        codes = averaged(sums + count * result.zero, count)
        clamped: Integers = np.clip(codes - result.zero, *result.bounds)
        return clamped

    return operator_of(function, kind, result.bounds, result.scale)


def mean(kind: TensorType, count: int, source: Code, result: Code) -> Step:
    """What TFLite's mean makes of the sums, of type `kind`, of `count` integers q - zero of `source`."""
    by = mean_multiplier(source.scale / result.scale, count)
    return rescaled(kind, lambda sums: multiplied(sums, by), result)


def limited(kind: TensorType, result: Code) -> Step:
    """Integers of type `kind` within the bounds of `result`, which has their scale and zero point."""

    def function(q: Integers) -> Integers:
        clamped: Integers = np.clip(q, *result.bounds)
        return clamped

    return operator_of(function, kind, result.bounds, result.scale)
