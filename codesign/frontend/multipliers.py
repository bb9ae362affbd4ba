"""A quantizer's steps as one of two operators: thresholds, or a multiplication by the shortest multiplier.

(m x + b) >> s reaches level k from the sum T_k on, and not before, if m T_k + b >= k 2^s and m (T_k - 1) + b < k 2^s. A
line must pass above or through the points (T_k, k) and below (T_k - 1, k), of all steps. Its slopes m / 2^s are an open
interval, which two corners of the hulls of the points bound on either side. The multiplier is the fraction of the
smallest s in that interval, which is exact for every sum; and if there is none, no multiplier is.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.refusal import RefusalError
from codesign.graph import TensorType
from codesign.graph.ops.rescale import MOST_SHIFT, Rescale
from codesign.graph.ops.threshold import MOST_THRESHOLDS, Threshold

MOST_COMPARED = 15
"""Steps of a channel up to which they are thresholds. A block of more is built as either, whichever the scheduler finds
to cost less (`hardware/ops/rescale.py`); of so few, a search takes less than a DSP slice is worth but in wide layers.
"""

MOST_MULTIPLIER = 1 << 30
"""What a multiplier stays below. Those of 8-bit outputs have about as many bits as the sums, and six more."""

Integers = NDArray[np.int64]
Point = tuple[int, int]
Fraction = tuple[int, int]
"""Numerator and positive denominator; (-1, 0) and (1, 0) are the infinities."""


def stepped(
    rows: Integers,
    sign: Integers,
    lo: int,
    step: int,
    scale: float,
    kind: TensorType,
    factors: NDArray[np.float32] | None = None,
) -> Threshold | Rescale:
    """The operator that makes lo + step * sum_k (sign_c * x_c >= rows_ck) of the integers x of type `kind`.

    rows: (C, K) or (1, K), ascending; sign: (C,) or (1,). factors: where these are steps of products with them in
    float32, (1,) or (C,).
    Raises GraphError if there are more than 255 steps, and no multiplier up to 30 bits.
    """
    steps = rows.shape[1]
    if steps > MOST_COMPARED and step == kind.step == 1 and (found := multiplied(rows, sign, lo, scale, kind)):
        return found
    if steps > MOST_COMPARED and factors is not None and (found := single(factors, rows, lo, scale, kind)):
        return found
    if steps > MOST_THRESHOLDS:
        raise RefusalError(
            f"takes {steps} thresholds a channel, {MOST_THRESHOLDS} are supported, and its steps are not even",
            remedy="use at most 8 bits, or a scale that is the sums' scale times a power of two",
            rewrite="narrow_quantizer",
        )
    return Threshold(rows, sign, lo, scale, step)


def multiplied(rows: Integers, sign: Integers, lo: int, scale: float, kind: TensorType) -> Rescale | None:
    """The same with step 1 by a multiplier; None where no multiplier up to 30 bits gives every step."""
    known: dict[tuple[bytes, int], tuple[int, int, int] | None] = {}
    found = []
    signs = np.broadcast_to(sign, len(rows) if len(sign) == 1 else len(sign)).tolist()
    for row, falls in zip(np.broadcast_to(rows, (len(signs), rows.shape[1])), signs, strict=True):
        key = row.tobytes(), falls
        if key not in known:
            known[key] = _channel(row, falls, lo, kind)
        if (constants := known[key]) is None:
            return None
        found.append(constants)
    if len(known) == 1:
        found = found[:1]
    multiplier, offset, shift = (np.array(values, np.int64) for values in zip(*found, strict=True))
    op = Rescale(multiplier, offset, shift, lo, lo + rows.shape[1], scale)
    try:
        op.infer(kind)
    except GraphError:
        return None
    _prove(op, rows, sign, kind)
    return op


def single(factors: NDArray[np.float32], rows: Integers, lo: int, scale: float, kind: TensorType) -> Rescale | None:
    """The same by multiplications with `factors` as float32 has them; None where that is not what steps at `rows`."""
    try:
        op = Rescale.of_float32(factors, lo, lo + rows.shape[1], scale)
        op.infer(kind)
    except GraphError:
        return None
    reached, _ = op.thresholds(lo + np.arange(1, rows.shape[1] + 1))
    clipped = (np.clip(steps, kind.lo, kind.hi + 1) for steps in np.broadcast_arrays(reached, rows))
    return op if np.array_equal(*clipped) else None


def _prove(op: Rescale, rows: Integers, sign: Integers, kind: TensorType) -> None:
    """That `op` steps where the rows say: the lowest sum of each level, by division, is the row's."""
    ends = np.sort(np.stack([sign * kind.lo, sign * kind.hi]), axis=0)[:, :, None]
    reached, signs = op.thresholds(op.lo + np.arange(1, rows.shape[1] + 1))
    moving = op.multiplier != 0
    assert (signs == sign)[moving].all() if len(signs) == len(sign) else True
    assert (np.clip(reached, ends[0], ends[1] + 1) == np.clip(rows, ends[0], ends[1] + 1)).all()


def _channel(row: Integers, sign: int, lo: int, kind: TensorType) -> tuple[int, int, int] | None:
    """Multiplier, offset and shift of a channel."""
    first, last = sorted((sign * kind.lo, sign * kind.hi))
    at, levels = np.clip(row.astype(np.int64), first, last + 1), lo + np.arange(1, len(row) + 1)
    above, below = at <= last, at > first
    # Of levels that are reached at once, the highest is the one to be above, the lowest to be below.
    above &= np.append(np.diff(at) > 0, True) | (np.append(at[1:], last + 1) > last)
    below &= np.append(True, np.diff(at) > 0)
    under = _hull(zip(at[above].tolist(), levels[above].tolist(), strict=True), 1)
    over = _hull(zip((at[below] - 1).tolist(), levels[below].tolist(), strict=True), -1)
    found = _shortest(*_slopes(under, over))
    if found is None:
        return None
    multiplier, shift = found
    least = [(level << shift) - multiplier * x for x, level in under]
    most = [(level << shift) - 1 - multiplier * x for x, level in over]
    offset = _roundest(max(least or [min(most, default=0)]), min(most or [max(least, default=0)]))
    return sign * multiplier, offset, shift


def _hull(points: Iterable[Point], side: int) -> list[Point]:
    """Corners of the hull of points of ascending x: of its upper side, or of its lower one if `side` is -1."""
    kept: list[Point] = []
    for x, y in points:
        while len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2:]
            if side * ((by - ay) * (x - ax) - (y - ay) * (bx - ax)) > 0:
                break
            kept.pop()
        kept.append((x, y))
    return kept


def _slopes(under: list[Point], over: list[Point]) -> tuple[Fraction, Fraction]:
    """The open interval of slopes of lines that no point of `under` is above, and that are below all of `over`.

    Quotients of 17 by 33 bits that differ do so in float64 too.
    """
    if not under or not over:
        return (-1, 0), (1, 0)
    a, b = np.array(under), np.array(over)
    runs, rises = (b[None, :, axis] - a[:, None, axis] for axis in (0, 1))
    quotient = rises / np.where(runs == 0, 1, runs)
    low, high = (-1, 0), (1, 0)
    if (runs < 0).any():
        place = np.where(runs < 0, quotient, -np.inf).argmax()
        low = -int(rises.flat[place]), -int(runs.flat[place])
    if (runs > 0).any():
        place = np.where(runs > 0, quotient, np.inf).argmin()
        high = int(rises.flat[place]), int(runs.flat[place])
    return low, high


def _shortest(low: Fraction, high: Fraction) -> tuple[int, int] | None:
    """The (m, s) of smallest s with m / 2^s between both; 0 if that is there. None if m has more than 30 bits."""
    if low[0] < 0:
        return 0, 0
    for shift in range(MOST_SHIFT + 1):
        m = (low[0] << shift) // low[1] + 1
        if m >= MOST_MULTIPLIER:
            return None
        if m * high[1] < high[0] << shift:
            return m, shift
    return None


def _roundest(least: int, most: int) -> int:
    """The integer from `least` to `most` that ends on most zeros in binary."""
    found = least
    for zeros in count(1):
        rounded = -(-least >> zeros) << zeros
        if rounded > most or rounded == found == 0:
            return found
        found = rounded
    raise AssertionError
