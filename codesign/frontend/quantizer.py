"""A quantizer of activations, as QONNX defines it: what it makes of real numbers, and the integers behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.graph import TensorType
from codesign.graph.types import Shape

Reals = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Code:
    """How a file writes the integers of a tensor: real = (code - zero) * scale. zero: of the codes' type."""

    scale: float
    zero: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Quantizer:
    """Real numbers to `q * scale` with q = lo, lo + step, ..., hi.

    origin: the tensor of the file that holds the result, if there is one. code: how it writes integers, where layers
    and their quantizers are integer kernels.
    apply: the node itself, from (1, C, K, 1) or (K, C) float32 to the same. rounds: whether q is the nearest integer,
    of two the even one, clamped; only then is a shift what it does.
    """

    node: onnx.NodeProto
    scale: float
    lo: int
    hi: int
    step: int
    apply: Callable[[Reals], NDArray[Any]]
    rounds: bool
    origin: str | None = None
    code: Code | None = None

    def type(self, shape: Shape) -> TensorType:
        return TensorType(shape, self.lo, self.hi, (self.scale,), self.step)

    def real(self, value: float) -> float:
        """What it makes of one number."""
        return float(self.integers(np.full((1, 1, 1, 1), value, np.float32)).flat[0]) * self.scale

    def integers(self, real: Reals) -> NDArray[np.int64]:
        """q for every element of `real`."""
        return np.rint(np.asarray(self.apply(real), np.float64) / self.scale).astype(np.int64)
