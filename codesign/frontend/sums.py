"""Sums of two tensors of different scales, as integers: ma * a + mb * b and thresholds, or a further multiplier.

What a quantizer makes of `a * scale_a + b * scale_b` is known for every pair of integers a and b. Two multipliers are
exact if the pairs, in the order of ma * a + mb * b, have results that never fall, and equal sums have equal results.
The shortest are searched among the best rational approximations of the ratio of the scales, and each is tried on all
pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.functions import integer_kernel, step_session
from codesign.frontend.multipliers import stepped
from codesign.frontend.naming import Place
from codesign.frontend.quantizer import Code, Quantizer
from codesign.frontend.refusal import RefusalError
from codesign.frontend.values import Activation, Sum
from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold

MOST_PAIRS = 1 << 20
MOST_MULTIPLIER = 1 << 14

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Levels:
    """Integers lo, lo + step, ..., hi that a quantizer gives, and their scale."""

    lo: int
    hi: int
    step: int
    scale: float


def summed(builder: Builder, value: Sum, quantizer: Quantizer) -> Activation:
    """What `quantizer` makes of the sum. Raises GraphError where no multipliers up to 2^14 are exact."""
    kinds = [builder.types[part.tensor] for part in value.parts]
    a, b = (np.arange(kind.lo, kind.hi + 1, kind.step) for kind in kinds)
    if value.negative:
        b = -b
    if a.size * b.size > MOST_PAIRS or any(len(kind.scale) > 1 for kind in kinds):
        raise RefusalError(
            "adds two tensors of different scales, one of them of more than 10 bits",
            remedy="quantize both before the addition",
            rewrite="quantize_before",
        )
    tensors = value.parts[0].tensor, value.parts[1].tensor
    levels = Levels(quantizer.lo, quantizer.hi, quantizer.step, quantizer.scale)
    table = _table(builder, value, quantizer, a, b)
    sign = -1 if value.negative else 1
    tensor = added(builder, tensors, (a, b), table, levels, quantizer.node, quantizer.origin, sign)
    return Activation(tensor, value.parts[0].layout, origin=quantizer.origin)


def added(
    builder: Builder,
    tensors: tuple[str, str],
    operands: tuple[Integers, Integers],
    table: Integers,
    levels: Levels,
    node: onnx.NodeProto | Place,
    origin: str | None,
    sign: int = 1,
) -> str:
    """The tensor whose integers `table` (A, B) has for every pair of `operands`, integers (A,) and (B,) of two tensors.

    levels: of the table; node: what it is made from, or where it stands; origin: of the file. sign: -1 if the second
    tensor's integers are the negative ones. Raises GraphError where no multipliers up to 2^14 are exact.
    """
    kinds, (a, b) = [builder.types[tensor] for tensor in tensors], operands
    found = _multipliers(table, a, b, kinds[0].scale[0] / kinds[1].scale[0])
    if found is None:
        raise GraphError("no multipliers bring both summands to one scale exactly", remedy="share one quantizer")
    scales = _weight_scales(kinds, found)
    parts = [
        _multiplied(builder, tensor, kind, m, scale, node)
        for tensor, kind, m, scale in zip(tensors, kinds, (found[0], sign * found[1]), scales, strict=True)
    ]
    (total,) = builder.add(Add(), parts, node, [None])
    sums = found[0] * a[:, None] + found[1] * b[None, :]
    op = _stepped(table, sums, levels, builder.types[total])
    return builder.add(op, [total], node, [origin])[0]


def _table(builder: Builder, value: Sum, quantizer: Quantizer, a: Integers, b: Integers) -> Integers:
    """(A, B): the quantizer's integer for every pair."""
    first_code, second_code = (builder.codes.get(part.tensor) for part in value.parts)
    if first_code and second_code and quantizer.code and not value.negative:
        codes = (first_code, second_code, quantizer.code)
        if len({code.zero.dtype for code in codes}) == 1:
            return _kernel(value, quantizer, codes, a, b)
    scales = [builder.types[part.tensor].scale[0] for part in value.parts]
    first, second = ((q * scale).astype(np.float32) for q, scale in zip((a, b), scales, strict=True))
    real = (first[:, None] + second[None, :]).reshape(1, 1, -1, 1)
    for step in value.steps:
        (real,) = step_session(step).run(None, {"x": real if step.rank == 4 else real.reshape(-1, 1)})
        real = real.reshape(1, 1, -1, 1)
    return quantizer.integers(real).reshape(a.size, b.size)


def _kernel(value: Sum, quantizer: Quantizer, codes: tuple[Code, Code, Code], a: Integers, b: Integers) -> Integers:
    """As ONNX Runtime's integer kernel has it; bounds of activation functions in between narrow the result."""
    pairs = np.broadcast_arrays(a[:, None], b[None, :])
    found = integer_kernel("QLinearAdd", (pairs[0], pairs[1]), codes)
    lo, hi = (float(np.clip(bound / quantizer.scale, quantizer.lo, quantizer.hi)) for bound in (value.lo, value.hi))
    return np.clip(found, int(np.rint(lo)), int(np.rint(hi)))


def _multipliers(table: Integers, a: Integers, b: Integers, ratio: float) -> tuple[int, int] | None:
    """The shortest (ma, mb) that are exact for `table`; ratio: of the scales, which that of the multipliers is near."""
    for first, second in _approximations(ratio):
        if _exact(table, first * a[:, None] + second * b[None, :]):
            return first, second
    return None


def _approximations(ratio: float) -> Iterator[tuple[int, int]]:
    """Fractions p / q nearer to `ratio` than any of smaller terms, on either side of it: Stern's and Brocot's tree."""
    low, high = (0, 1), (1, 0)
    while True:
        middle = low[0] + high[0], low[1] + high[1]
        if max(middle) > MOST_MULTIPLIER:
            return
        yield middle
        if middle[0] == ratio * middle[1]:
            return
        low, high = (middle, high) if middle[0] < ratio * middle[1] else (low, middle)


def _exact(table: Integers, sums: Integers) -> bool:
    flat, results = sums.ravel(), table.ravel()
    order = np.lexsort((results, flat))
    steps = np.diff(results[order])
    return bool((steps >= 0).all() and not steps[np.diff(flat[order]) == 0].any())


def _stepped(table: Integers, sums: Integers, levels: Levels, kind: TensorType) -> Threshold | Rescale:
    """What steps where the results of the sums, of type `kind`, rise."""
    lo, hi = (levels.lo, levels.hi) if levels.step > 1 else (int(table.min()), int(table.max()))
    count = max(1, (hi - lo) // levels.step)
    order = np.argsort(sums.ravel(), kind="stable")
    ascending, results = sums.ravel()[order], table.ravel()[order]
    places = np.searchsorted(results, lo + levels.step * np.arange(1, count + 1), side="left")
    beyond = np.append(ascending, ascending[-1] + 1)
    return stepped(beyond[places][None], np.ones(1, np.int64), lo, levels.step, levels.scale, kind)


def _weight_scales(kinds: list[TensorType], multipliers: tuple[int, int]) -> tuple[float, float]:
    """Scales of the two multipliers with which both products have the very same scale."""
    (first,), (second,) = kinds[0].scale, kinds[1].scale
    own = second / multipliers[1] / first
    for _ in range(64):
        common = first * own
        other = common / second
        for candidate in (other, np.nextafter(other, 0), np.nextafter(other, np.inf)):
            if second * candidate == common:
                return own, float(candidate)
        own = float(np.nextafter(own, np.inf))
    raise GraphError("no common scale of two summands was found", remedy="share one quantizer")


def negated(builder: Builder, tensor: str, node: onnx.NodeProto | Place) -> str:
    """The integers of `tensor`, of one scale, times -1."""
    return _multiplied(builder, tensor, builder.types[tensor], -1, 1.0, node)


def _multiplied(
    builder: Builder, tensor: str, kind: TensorType, multiplier: int, scale: float, node: onnx.NodeProto | Place
) -> str:
    if (multiplier, scale) == (1, 1.0):
        return tensor
    weight = np.full((kind.channels, 1, 1, 1), multiplier)
    op = Depthwise(weight, np.zeros(kind.channels, np.int64), (scale,))
    return builder.add(op, [tensor], node, [None])[0]
