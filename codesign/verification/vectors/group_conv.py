"""Patches that take an output of every group to both its ends at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _filters


def frames(op: GroupConv, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _filters.of_op(op, op.bias, inputs[0], rng, op.groups)


def goals(op: GroupConv, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return _filters.goals(op.weight, op.bias, inputs[0], op.stride, op.pads)
