"""What the block of each operator is driven with when it is verified by itself, and what that should show.

The part of operator X is `vectors/x.py` with two pure functions

    frames(op, inputs, rng) -> Iterator[Frame]
    goals(op, inputs) -> tuple[Goal, ...]

where `inputs` are the tensor types. `frames` gives frames for the block, those that find most first, and ends when it
has given all that it knows. Every one holds values of the types alone, and rng settles whatever does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codesign.graph.op import IntArray

Frame = tuple[IntArray, ...]
"""One array (C, H, W) int32 for each input of the block."""

Frames = Sequence[IntArray]
"""One array (N, C, H, W) int32 for each input, or output, of the block."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Goal:
    """Cases of one sort in which a block may go wrong, such as both clamps of every channel; an array of any shape.

    possible: where inputs of the types can bring the case about. seen: which of them frames of inputs and outputs show.
    span: least and greatest value of the first output that inputs of the types can bring about, where the place of
    windows on the map keeps them from the ends of its type; None if nothing does.
    """

    what: str
    possible: Flags
    seen: Callable[[Frames, Frames], Flags]
    span: tuple[int, int] | None = None
