"""Values that tell which channel of which pixel they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.types import TensorType
from codesign.verification.vectors import Frame, Goal, _moved


def frames(op: DepthToSpace, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    return _moved.frames(inputs, rng)


def goals(op: DepthToSpace, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    return ()
