"""What every operator of the integer graph promises."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.graph.types import TensorType, bits_for_range
from codesign.plugins import load

IntArray = NDArray[np.integer[Any]]

EXACT_FLOAT32 = 1 << 24
"""Sums whose terms' magnitudes add up to less than this are exact in float32, in any order."""

WIDEST_SUM = (1 << 31) - 1
"""What the magnitudes of a sum's terms must stay below: the executor and the hardware have 32 bits for it."""


class Op(ABC):
    """An operator: a frozen record of attributes and constants, without name or wiring.

    Subclasses are `@dataclass(frozen=True, eq=False)` with fields of int, float, str, tuples of these, or integer
    NumPy arrays, so that graphs can be stored without knowing the operator.
    """

    kind: ClassVar[str]
    quantizes: ClassVar[bool] = False
    """Whether it is what a quantizer of activations becomes."""
    multiplies: ClassVar[Literal["", "dense", "grouped"]] = ""
    """How it multiplies by integer weights: every output by all inputs, by those of its group, or in no such way."""
    category: ClassVar[Literal["dense", "depthwise", "deform", "select", "move"]] = "move"
    """What it does to data, by which reports colour it: others than these move, map or add values."""

    @abstractmethod
    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """Types of the outputs. Raises GraphError where the inputs do not fit or the result cannot be exact."""

    @abstractmethod
    def execute(self, *inputs: IntArray) -> tuple[IntArray, ...]:
        """Outputs (N, C, H, W) int32 for inputs (N, C, H, W) int32. Exact."""

    def macs(self, *inputs: TensorType) -> int:
        """Products with a weight for one frame, those of single bits among them."""
        return 0

    def multiplications(self, *inputs: TensorType) -> int:
        """Those of `macs` that take a multiplier."""
        return self.macs(*inputs)

    def sums(self, *inputs: TensorType) -> TensorType:
        """Type of the sums of products: that of the first output, unless the operator goes on with them."""
        return self.infer(*inputs)[0]

    def parameters(self) -> int:
        """Trained numbers held: weights and biases."""
        return 0


def op_class(kind: str) -> type[Op]:
    """The operator class called `kind`; GraphError if there is none."""
    module = load("codesign.graph.ops", kind)
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Op) and getattr(value, "kind", None) == kind:
            return value
    raise GraphError(f"module {module.__name__} defines no operator '{kind}'")


def freeze(op: Op, **dtypes: type[np.signedinteger[Any]]) -> None:
    """Converts the named array fields of a frozen op to contiguous, read-only arrays of the given types."""
    for name, dtype in dtypes.items():
        array = np.array(getattr(op, name), dtype=dtype, order="C")
        array.setflags(write=False)
        object.__setattr__(op, name, array)


def one_input(op: Op, inputs: tuple[TensorType, ...], count: int = 1) -> None:
    """Raises GraphError unless `count` inputs are given."""
    if len(inputs) != count:
        raise GraphError(f"operator '{op.kind}' takes {count} input(s), got {len(inputs)}")


def unit_step(op: Op, x: TensorType) -> None:
    """Raises GraphError unless x takes every integer of its range."""
    if x.step != 1:
        raise GraphError(
            f"operator '{op.kind}' takes no integers in steps of {x.step}", remedy="use a quantizer of 2 bits or more"
        )


def fields_of(op: Op) -> dict[str, Any]:
    """Attribute values by name, arrays included."""
    return {f.name: getattr(op, f.name) for f in dataclasses.fields(op)}  # type: ignore[arg-type]


def weights(op: Op) -> tuple[IntArray, ...]:
    """The operator's trained arrays: those of more than one dimension."""
    return tuple(value for value in fields_of(op).values() if isinstance(value, np.ndarray) and value.ndim > 1)


def weight_bits(op: Op) -> int:
    """Width of the operator's widest weights; 0 where it has none."""
    return max((bits_for_range(int(array.min()), int(array.max())) for array in weights(op)), default=0)
