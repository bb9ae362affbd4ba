"""Between integers and the real values they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph.op import IntArray
from codesign.graph.types import TensorType

NOT_AN_INTEGER = int(np.iinfo(np.int32).min)
"""Stands for a real value that is no multiple of its scale, so that comparing finds it instead of stopping at it."""

ROUNDED = 1 / 16
"""What float32 sums of up to SURE steps of a scale may miss in its steps; those of everyday layers miss a hundredth."""

SURE = 1 << 19
"""Sums beyond so many steps may miss any part of one: the nearest integer is taken, for a bound of its own to judge."""


def random_integers(rng: np.random.Generator, kind: TensorType, count: int) -> IntArray:
    """`count` frames (N, C, H, W) int32, uniform over all integers of the type."""
    steps = rng.integers(0, kind.levels, (count, *kind.shape), dtype=np.int32)
    return kind.lo + kind.step * steps


def within(q: IntArray, kind: TensorType) -> IntArray:
    """`q` with whatever the type does not hold replaced by an integer that it does: what hardware could carry of it."""
    return kind.lo + (q.clip(kind.lo, kind.hi) - kind.lo) // kind.step * kind.step


def is_power_of_two(scale: Any) -> bool:
    """Whether every element of `scale` is a (positive) power of two."""
    mantissa, _ = np.frexp(np.asarray(scale, dtype=np.float64))
    return bool(np.all(mantissa == 0.5))


def to_real(q: IntArray, kind: TensorType) -> NDArray[np.float32]:
    """`q * scale` for q (N, C, H, W)."""
    real: NDArray[np.float32] = (q * np.array(kind.scale)[:, None, None]).astype(np.float32)
    return real


def missed(kind: TensorType) -> float:
    """What a value in float32 may miss an integer by, in steps of the scale."""
    if is_power_of_two(kind.scale):
        return 0.0
    return ROUNDED if kind.magnitude < SURE else 0.5


def to_integers(real: NDArray[np.floating[Any]], kind: TensorType) -> NDArray[np.int32]:
    """`real / scale` as (N, C, H, W) for `real` of N frames in any shape; NOT_AN_INTEGER where it is not integral.

    At scales that are no powers of two, `q * scale` and sums of such are rounded in float32: there an integer is what
    the quotient misses by at most `missed(kind)`.
    """
    frames = np.asarray(real, dtype=np.float64).reshape(-1, *kind.shape)
    quotient = frames / np.array(kind.scale)[:, None, None]
    rounded = np.rint(quotient)
    finite = np.abs(rounded) <= np.iinfo(np.int32).max
    off = np.subtract(rounded, quotient, where=finite, out=np.zeros_like(quotient))
    exact = finite & (np.abs(off) <= missed(kind))
    return np.where(exact, rounded, NOT_AN_INTEGER).astype(np.int32)
