"""Patches that take every output to both its ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.conv import Conv
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _filters


def frames(op: Conv, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _filters.of_op(op, op.bias, inputs[0], rng)


def goals(op: Conv, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return _filters.goals(op.weight, op.bias, inputs[0], op.stride, op.pads)
