"""A quantizer as a function of the integers before it, from what the file's own nodes compute in float32.

Between a layer's sums and the next quantizer a file has bias, batch norm, scales and activation functions. Of integers
of few bits the result of each is computed. Of wide ones all nodes have to be monotone, which they are in float32 too,
since rounding is: the quantizer's integers are a step function of the sum, whose steps are found by bisection. The sum
itself is taken as exact: `q * scale`, rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.frontend.functions import Integers, StepFunction, step_function
from codesign.frontend.multipliers import stepped
from codesign.frontend.quantizer import Quantizer, Reals
from codesign.frontend.refusal import RefusalError
from codesign.frontend.tables import has_table, tabulated
from codesign.frontend.values import Activation
from codesign.graph import TensorType
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold

SAMPLES = 4096
"""Sums, spread evenly over their range, at which the thresholds are compared with the nodes once more."""


def quantized(
    value: Activation, kind: TensorType, quantizer: Quantizer, factors: Reals | None = None
) -> Threshold | Rescale | Lookup:
    """The operator that makes of the integers of `value.tensor`, of type `kind`, what `quantizer` makes of `value`.

    factors: where an integer kernel does it, by which it multiplies, (1,) or (C,).
    Raises GraphError if the integers have more than 10 bits, and it is no monotone function of them, or has more than
    255 steps and no multiplier gives them.
    """
    function = step_function(value, kind, quantizer) if factors is None else _multiplied(factors, quantizer)
    if value.turns and not has_table(kind, quantizer.step):
        raise RefusalError(
            f"quantizes {value.turns} of integers of {kind.bits} bits, which both rises and falls",
            remedy="put a quantizer of at most 10 bits before that function",
            rewrite="quantize_before",
        )
    return operator_of(function, kind, (quantizer.lo, quantizer.hi), quantizer.scale, quantizer.step, factors)


def operator_of(
    function: StepFunction,
    kind: TensorType,
    bounds: tuple[int, int],
    scale: float,
    step: int = 1,
    factors: Reals | None = None,
) -> Threshold | Rescale | Lookup:
    """The operator that makes of the integers of type `kind` what `function` makes of them.

    bounds: what `function` gives lies within them, in steps of `step`; scale: of the result; factors: as of
    `quantized`. Of integers of more than 10 bits it has to be monotone. Raises GraphError as `quantized` does.
    """
    if has_table(kind, step):
        return tabulated(function(_rows(np.arange(kind.lo, kind.hi + 1), kind.channels)), kind, scale)
    ends = function(_rows([kind.lo, kind.hi], kind.channels))
    lo, hi = bounds if step > 1 else (int(ends.min()), int(ends.max()))
    count = max(1, (hi - lo) // step)
    sign = np.where(ends[1] < ends[0], -1, 1)
    found = _bisect(function, sign, kind, lo + step * np.arange(1, count + 1))
    if (found == found[:1]).all() and (sign == sign[0]).all():
        found, sign = found[:1], sign[:1]
    op = stepped(found, sign, lo, step, scale, kind, factors)
    _check(op, found.T * sign, function, kind)
    return op


def _bisect(function: StepFunction, sign: Integers, kind: TensorType, levels: Integers) -> Integers:
    """(C, K): the lowest `sign * sum` whose integer is at least each of the K levels; one beyond its range if none."""
    ends = np.sort(np.stack([sign * kind.lo, sign * kind.hi]), axis=0)
    shape = (len(levels), kind.channels)
    low, high = np.broadcast_to(ends[0], shape), np.broadcast_to(ends[1] + 1, shape)
    for _ in range(int(kind.hi - kind.lo + 1).bit_length()):
        middle = (low + high) // 2
        open_ = low < high
        reached = function(np.clip(middle, *ends) * sign) >= levels[:, None]
        high = np.where(open_ & reached, middle, high)
        low = np.where(open_ & ~reached, middle + 1, low)
    assert (low == high).all()
    return low.T


def _check(op: Threshold | Rescale, edges: Integers, function: StepFunction, kind: TensorType) -> None:
    """Raises GraphError unless `op` is the function on both sides of its edges (K, C) and all over the range."""
    edges = np.broadcast_to(edges, (len(edges), kind.channels))
    spread = _rows(np.linspace(kind.lo, kind.hi, SAMPLES).round().astype(np.int64), kind.channels)
    sums = np.clip(np.concatenate([edges - 1, edges, edges + 1, spread]), kind.lo, kind.hi)
    (expected,) = op.execute(sums[:, :, None, None])
    if (function(sums) != expected[:, :, 0, 0]).any():
        raise RefusalError(
            "is no monotone function of the sums before it",
            remedy="only steps that rise, or fall, are thresholds",
            rewrite="quantize_before",
        )


def _multiplied(factors: Reals, quantizer: Quantizer) -> StepFunction:
    """As ONNX Runtime's integer kernels: the sum as float32, times the factor, to the nearest even integer."""

    def function(sums: Integers) -> Integers:
        rounded: Reals = np.rint(sums.astype(np.float32) * factors)
        return np.clip(rounded, quantizer.lo, quantizer.hi).astype(np.int64)

    return function


def _rows(values: Sequence[int] | Integers, channels: int) -> Integers:
    """(K, C): every value in every channel."""
    return np.repeat(np.asarray(values, np.int64)[:, None], channels, axis=1)
