"""Patches that agree with the weights of an output in every bit, and in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.binary_conv import OUTSIDE, BinaryConv
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _filters


def frames(op: BinaryConv, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _filters.of_op(op, 0, inputs[0], rng, outside=OUTSIDE)


def goals(op: BinaryConv, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    none = np.zeros(op.weight.shape[0], np.int64)
    return _filters.goals(op.weight, none, inputs[0], op.stride, op.pads, OUTSIDE)
