"""Patches that take all channels to both their ends at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _filters


def frames(op: Depthwise, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _filters.of_op(op, op.bias, inputs[0], rng, op.weight.shape[0])


def goals(op: Depthwise, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return _filters.goals(op.weight, op.bias, inputs[0], op.stride, op.pads)
