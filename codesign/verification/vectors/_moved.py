"""Frames for blocks that move values without making new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from codesign.graph.types import TensorType
from codesign.verification import fill
from codesign.verification.vectors import Frame


def frames(inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    """Any values, so that no two places are alike; then the ends of the ranges."""
    yield tuple(fill.uniform(rng, kind) for kind in inputs)
    yield tuple(fill.ends(rng, kind) for kind in inputs)
    yield tuple(fill.uniform(rng, kind) for kind in inputs)
