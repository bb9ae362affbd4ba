"""What tells a pointwise convolution from others and, every other frame, ties of the requantization behind its sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import numpy as np

from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.types import TensorType
from codesign.verification.vectors import Flags, Frame, Frames, Goal, _aimed, conv, requant


def frames(op: ConvTile, inputs: Sequence[TensorType], rng: np.random.Generator) -> Iterator[Frame]:
    aimed = _aimed.frames(op.conv, op.requant, inputs[0], op.sums(*inputs), rng)
    pairs = zip_longest(conv.frames(op.conv, inputs, rng), ((frame,) for frame in aimed))
    return (frame for pair in pairs for frame in pair if frame is not None)


def goals(op: ConvTile, inputs: Sequence[TensorType]) -> tuple[Goal, ...]:
    """Those of the convolution and those of the requantization, which sees its sums."""
    outer = (Goal(goal.what, goal.possible, _on_sums(op, goal.seen)) for goal in conv.goals(op.conv, inputs))
    inner = (
        Goal(goal.what, goal.possible, _of_sums(op, goal)) for goal in requant.goals(op.requant, [op.sums(*inputs)])
    )
    return (*outer, *inner)


def _on_sums(op: ConvTile, seen: Callable[[Frames, Frames], Flags]) -> Callable[[Frames, Frames], Flags]:
    """A convolution's goal looks at its sums, which the block does not show."""
    return lambda inputs, outputs: seen(inputs, op.conv.execute(*inputs))


def _of_sums(op: ConvTile, goal: Goal) -> Callable[[Frames, Frames], Flags]:
    return lambda inputs, outputs: goal.seen(op.conv.execute(*inputs), outputs)
