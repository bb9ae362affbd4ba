"""What an ONNX tensor stands for while a file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.inputs import InputType
from codesign.frontend.quantizer import Code
from codesign.graph import Op
from codesign.graph.reals import is_power_of_two
from codesign.graph.types import Shape

RealArray = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Unquantized:
    """A graph input that no quantizer has met yet.

    shape: the ONNX shape, batch included, or what a reshape has made of it. kind: what the file says. flat: whether it
    is one vector here.
    """

    name: str
    shape: tuple[int, ...]
    kind: InputType | None = None
    flat: bool = False

    @property
    def layout(self) -> str:
        return "flat" if self.flat or len(self.shape) == 2 else "map"


@dataclass(frozen=True, eq=False)
class Constant:
    """Real numbers known when the file is read; if they were quantized, `scale` (same shape) is each one's step."""

    value: NDArray[Any]
    scale: RealArray | None = None

    @property
    def single(self) -> NDArray[Any]:
        """The values as nodes of the file have them: real ones in float32."""
        return self.value.astype(np.float32) if self.value.dtype == np.float64 else self.value

    @property
    def scalar(self) -> float:
        """The one value of all elements. Raises GraphError if they differ."""
        if self.value.size == 0 or not np.all(self.value == self.value.flat[0]):
            raise GraphError("a constant that must be one number is not")
        return float(self.value.flat[0])


@dataclass(frozen=True, eq=False)
class Step:
    """An ONNX node that maps every element by itself.

    index: which input is the activation; constants: the others, by their name in the node; rank: 4 for (1, C, H, W),
    3 for (1, C, W), 2 for (1, features). opset: of the file that it stands in.
    """

    node: onnx.NodeProto
    index: int
    constants: Mapping[str, NDArray[Any]]
    rank: int
    opset: int


@dataclass(frozen=True, eq=False)
class Branch:
    """An operand as a function of integers: operators of the integer graph, then nodes from their real values on.

    scale: of the operators' result. code: how the file writes it, if no node follows.
    """

    ops: tuple[Op, ...]
    scale: tuple[float, ...]
    steps: tuple[Step | Meeting, ...]
    code: Code | None


@dataclass(frozen=True, eq=False)
class Meeting:
    """An ONNX node of two operands that are both functions of the same integers, such as x * sigmoid(x)."""

    node: onnx.NodeProto
    branches: tuple[Branch, Branch]
    rank: int
    opset: int


@dataclass(frozen=True, eq=False)
class Activation:
    """`clip(gain * q * scale + offset, lo, hi)`, with q and scale those of a tensor of the integer graph.

    gain, offset: one entry, or one per channel (of the result: a one-channel tensor may be spread over several).
    They and the bounds stay symbolic until the next quantizer turns them into integers.
    layout: `map` is (1, C, H, W), or (1, C, W) where H is 1, `flat` is (1, C * H * W),
    `grouped` is (1, g, C / g, ...) and `shuffled` its transpose (1, C / g, g, ...), with g in `groups`;
    `turned` is a map whose axes are (C, H, W) in the order `axes`, and `flattened` that in one row; `expanded` is
    broadcast to a map of `sizes` (C, H, W).
    origin: the ONNX tensor that holds `gain * q * scale + offset`, if there is one.
    steps: the very nodes that lead from `q * scale` to this activation, for a quantizer that needs thresholds.
    opaque: why gain, offset and bounds do not describe it, so that the steps alone do; empty if they do.
    turns: the function among the steps that may rise and fall, if there is one.
    """

    tensor: str
    layout: str = "map"
    groups: int = 1
    axes: tuple[int, ...] = ()
    sizes: Shape | None = None
    gain: RealArray | None = None
    offset: RealArray | None = None
    lo: float = -np.inf
    hi: float = np.inf
    origin: str | None = None
    steps: tuple[Step | Meeting, ...] = ()
    opaque: str = ""
    turns: str = ""

    def followed(self, step: Step | Meeting, name: str, turns: bool = False) -> Activation:
        """The activation after `step`, a function called `name`: no gain, offset and bounds describe it any more."""
        reason = self.opaque or f"reads the result of {name}, which is no integer"
        turning = self.turns or (name if turns else "")
        return replace(self, steps=(*self.steps, step), opaque=reason, turns=turning, origin=None)

    @property
    def elsewhere(self) -> bool:
        """Whether the file has its values in other places than the graph."""
        return bool(self.axes) or self.layout == "expanded"

    @property
    def scaled(self) -> bool:
        return self.gain is not None or self.offset is not None

    @property
    def clipped(self) -> bool:
        return self.lo != -np.inf or self.hi != np.inf

    def affine(self, gain: RealArray, offset: RealArray, step: Step, origin: str | None) -> Activation:
        """The activation after `step`, which computes `gain * value + offset`."""
        old_gain = np.ones(1) if self.gain is None else self.gain
        old_offset = np.zeros(1) if self.offset is None else self.offset
        after = replace(self, gain=old_gain * gain, offset=old_offset * gain + offset, steps=(*self.steps, step))
        if not self.clipped:
            return replace(after, origin=origin)
        if gain.size > 1 or offset.size > 1 or gain[0] <= 0:
            reason = "scales the result of an activation function by channel or by a negative number"
            return replace(after, opaque=self.opaque or reason, origin=None)
        lo, hi = float(self.lo * gain[0] + offset[0]), float(self.hi * gain[0] + offset[0])
        return replace(after, lo=lo, hi=hi, origin=None)

    def clip(self, lo: float, hi: float, step: Step) -> Activation:
        """The activation after `step`, which clips it to [lo, hi]."""
        bounds = min(max(self.lo, lo), hi), max(min(self.hi, hi), lo)
        return replace(self, lo=bounds[0], hi=bounds[1], steps=(*self.steps, step))


@dataclass(frozen=True, eq=False)
class Joined:
    """Channels of several activations one after another, of different scales: a quantizer takes them one by one."""

    parts: tuple[Activation, ...]


@dataclass(frozen=True, eq=False)
class Sum:
    """Two quantized activations added up by `node`, clipped to [lo, hi] by `steps`: for a quantizer, if their scales
    differ. negative: whether the second is subtracted."""

    parts: tuple[Activation, Activation]
    node: onnx.NodeProto
    lo: float = -np.inf
    hi: float = np.inf
    steps: tuple[Step, ...] = ()
    negative: bool = False

    def clip(self, lo: float, hi: float, step: Step) -> Sum:
        """The sum after `step`, which clips it to [lo, hi]."""
        bounds = min(max(self.lo, lo), hi), max(min(self.hi, hi), lo)
        return replace(self, lo=bounds[0], hi=bounds[1], steps=(*self.steps, step))


@dataclass(frozen=True, eq=False)
class Coded:
    """Integers that `node`, a QuantizeLinear, makes of `source`: round(x / scale) + zero from lo to hi, of a type."""

    source: Value
    scale: float
    zero: int
    lo: int
    hi: int
    dtype: np.dtype[Any]
    node: onnx.NodeProto

    @property
    def code(self) -> Code:
        return Code(self.scale, np.array(self.zero, self.dtype))


@dataclass(frozen=True)
class Host:
    """What only the host can compute, and why: behind it there may be nothing but its like."""

    reason: GraphError


@dataclass(frozen=True)
class Condition:
    """A boolean map: the tensor is its 3x3 neighbourhood's maximum, or at least `threshold`, or both."""

    tensor: str
    maximum: bool = False
    threshold: int | None = None


@dataclass(frozen=True)
class Padded:
    """A map with a border of pixels of the real number `value`; pads: (top, left, bottom, right)."""

    x: Activation | Unquantized
    pads: tuple[int, int, int, int]
    value: float


Value = Unquantized | Constant | Activation | Condition | Padded | Joined | Sum | Coded | Host


_FLOAT32_ROUNDINGS = 2.0**-22
"""What a few roundings in float32 may add to a value, relative to it."""


def integers(real: NDArray[Any], scale: Any, what: str) -> NDArray[np.int64]:
    """`real / scale` as integers. Raises GraphError naming `what` if they are not integral.

    A scale that is no power of two, and its product with an integer, are rounded in float32; that much is tolerated.
    """
    quotient = np.asarray(real, dtype=np.float64) / scale
    rounded: NDArray[np.float64] = np.rint(quotient)
    tolerance = 0.0 if is_power_of_two(scale) else _FLOAT32_ROUNDINGS
    if not np.all(np.abs(rounded - quotient) <= tolerance * np.abs(rounded)):
        raise GraphError(
            f"{what} is not a multiple of its scale",
            remedy="quantize it at the accumulator's scale (Brevitas: Int32Bias)",
        )
    return rounded.astype(np.int64)
