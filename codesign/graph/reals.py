"""Between integers and the real values they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph.ops.base import IntArray
from codesign.graph.types import TensorType

NOT_AN_INTEGER = int(np.iinfo(np.int32).min)
"""Stands for a real value that is no multiple of its scale, so that comparing finds it instead of stopping at it."""


def to_real(q: IntArray, kind: TensorType) -> NDArray[np.float32]:
    """`q * scale` for q (N, C, H, W)."""
    real: NDArray[np.float32] = (q * np.array(kind.scale)[:, None, None]).astype(np.float32)
    return real


def to_integers(real: NDArray[np.floating[Any]], kind: TensorType) -> NDArray[np.int32]:
    """`real / scale` as (N, C, H, W) for `real` of N frames in any shape; NOT_AN_INTEGER where it is not integral."""
    frames = np.asarray(real, dtype=np.float64).reshape(-1, *kind.shape)
    quotient = frames / np.array(kind.scale)[:, None, None]
    rounded = np.rint(quotient)
    exact = (rounded == quotient) & (np.abs(rounded) <= np.iinfo(np.int32).max)
    return np.where(exact, rounded, NOT_AN_INTEGER).astype(np.int32)
