"""Real values back to the integers that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.graph import TensorType


def to_integers(values: NDArray[Any], kind: TensorType) -> NDArray[Any]:
    """`values` (N, C, H, W) divided by the tensor's scale: int32, or float64 if some value is no multiple of it."""
    scale = np.array(kind.scale, dtype=np.float64)[:, None, None]
    quotient = np.asarray(values, dtype=np.float64) / scale
    whole = np.rint(quotient)
    return whole.astype(np.int32) if np.array_equal(whole, quotient) else quotient
