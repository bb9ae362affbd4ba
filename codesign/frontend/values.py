"""What an ONNX tensor stands for while a file is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError

RealArray = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Unquantized:
    """A graph input that no quantizer has met yet. shape: the ONNX shape, batch included."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """Real numbers known when the file is read; if they were quantized, `scale` (same shape) is each one's step."""

    value: NDArray[Any]
    scale: RealArray | None = None

    @property
    def scalar(self) -> float:
        """The one value of all elements. Raises GraphError if they differ."""
        if self.value.size == 0 or not np.all(self.value == self.value.flat[0]):
            raise GraphError("a constant that must be one number is not")
        return float(self.value.flat[0])


@dataclass(frozen=True, eq=False)
class Activation:
    """`clip(gain * q * scale + offset, lo, hi)`, with q and scale those of a tensor of the integer graph.

    gain, offset: one entry, or one per channel (of the result: a one-channel tensor may be spread over several).
    They and the bounds stay symbolic until the next quantizer turns them into integers.
    layout: `map` is (1, C, H, W), `flat` is (1, C * H * W), `grouped` is (1, g, C / g, ...) and `shuffled` its
    transpose (1, C / g, g, ...), with g in `groups`.
    origin: the ONNX tensor that holds `gain * q * scale + offset`, if there is one.
    """

    tensor: str
    layout: str = "map"
    groups: int = 1
    gain: RealArray | None = None
    offset: RealArray | None = None
    lo: float = -np.inf
    hi: float = np.inf
    origin: str | None = None

    @property
    def scaled(self) -> bool:
        return self.gain is not None or self.offset is not None

    @property
    def clipped(self) -> bool:
        return self.lo != -np.inf or self.hi != np.inf

    def affine(self, gain: RealArray, offset: RealArray, origin: str) -> Activation:
        """The activation after `gain * value + offset`; a clipped one takes positive scalar gains only."""
        old_gain = np.ones(1) if self.gain is None else self.gain
        old_offset = np.zeros(1) if self.offset is None else self.offset
        new_gain, new_offset = old_gain * gain, old_offset * gain + offset
        if not self.clipped:
            return replace(self, gain=new_gain, offset=new_offset, origin=origin)
        if gain.size > 1 or offset.size > 1 or gain[0] <= 0:
            raise GraphError(
                "scales the result of an activation function by channel or by a negative number",
                remedy="put a quantizer between them",
            )
        lo, hi = float(self.lo * gain[0] + offset[0]), float(self.hi * gain[0] + offset[0])
        return replace(self, gain=new_gain, offset=new_offset, lo=lo, hi=hi, origin=None)

    def clip(self, lo: float, hi: float) -> Activation:
        return replace(self, lo=min(max(self.lo, lo), hi), hi=max(min(self.hi, hi), lo))


@dataclass(frozen=True)
class Condition:
    """A boolean map: the tensor is its 3x3 neighbourhood's maximum, or at least `threshold`, or both."""

    tensor: str
    maximum: bool = False
    threshold: int | None = None


Value = Unquantized | Constant | Activation | Condition


def integers(real: NDArray[Any], scale: Any, what: str) -> NDArray[np.int64]:
    """`real / scale` as integers. Raises GraphError naming `what` if they are not integral."""
    quotient = np.asarray(real, dtype=np.float64) / scale
    rounded = np.rint(quotient)
    if not np.all(rounded == quotient):
        raise GraphError(
            f"{what} is not a multiple of its scale",
            remedy="quantize it at the accumulator's scale (Brevitas: Int32Bias)",
        )
    return rounded.astype(np.int64)


def is_power_of_two(scale: Any) -> bool:
    """Whether every element of `scale` is a (positive) power of two."""
    array = np.asarray(scale, dtype=np.float64)
    mantissa, _ = np.frexp(array)
    return bool(np.all(mantissa == 0.5))
