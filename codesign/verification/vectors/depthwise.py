"""Patches that take all channels to both their ends at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, _filters


def frames(op: Depthwise, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _filters.of_op(op, inputs[0], rng, op.weight.shape[0])
