"""What the block of each operator is driven with when it is verified by itself.

The part of operator X is `vectors/x.py` with one pure function

    frames(op, inputs, rng) -> Iterator[Frame]

where `inputs` are the tensor types. It gives frames for the block, those that find most first, and ends when it has
given all that it knows. Every one holds values of the types alone, and rng settles whatever does not matter.
"""

from __future__ import annotations

from codesign.graph.ops.base import IntArray

Frame = tuple[IntArray, ...]
"""One array (C, H, W) int32 for each input of the block."""
