"""Channel shuffle: memories that hold the pixel being written and the one being read, or wires (`shuffle.sv`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.types import TensorType
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types, divisors
from codesign.hardware.memory import ram_in_block


class Banks(NamedTuple):
    """`number` memories of `depth` words of `width` bits."""

    number: int
    depth: int
    width: int


def foldings(op: Shuffle, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """One lane; multiples of the groups that divide a group's channels; all channels at once, which is wiring."""
    channels = inputs[0].channels
    some = {lanes for lanes in divisors(channels // op.groups) if lanes % op.groups == 0}
    found = folded.foldings(tuple(sorted({1, channels} | some)))
    return folded.placed(found, lambda f: in_block(op, inputs[0], f))


def lanes(op: Shuffle, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Shuffle, inputs: Types, outputs: Types) -> Dependence:
    """All channels of the pixel are waited for."""
    return Dependence(np.arange(outputs[0].pixels), whole=True, ahead=False, wires=True)


def pixel_memory(op: Shuffle, x: TensorType, folding: Folding) -> Banks | None:
    """What holds the pixel being written and the one being read; None where shuffling is wiring."""
    if folding.pe == x.channels:
        return None
    number = 1 if folding.pe == 1 else op.groups
    words = x.channels // folding.pe // number
    return Banks(number, 2 << max(1, (words - 1).bit_length()), folding.pe * x.bits)


def in_block(op: Shuffle, x: TensorType, folding: Folding) -> bool:
    """Whether the pixels are held in block RAM."""
    memory = pixel_memory(op, x, folding)
    if memory is None or folding.buffer:
        return memory is not None and folding.buffer == "block"
    return ram_in_block(memory.depth, memory.width)
