"""Depth to space: each row of a block waits in a FIFO of its own for its turn (`depth_to_space.sv`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.types import TensorType
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import MOST_LANES, Folding, Lanes, Memory, Types, divisors
from codesign.hardware.memory import ram_in_block

SLACK = 4
"""Beats of a FIFO that are on their way through it."""


class Row(NamedTuple):
    """The FIFO of a block's row: `depth` beats of `width` bits."""

    depth: int
    width: int
    memory: Memory


def foldings(op: DepthToSpace, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """Lanes that divide an output pixel's channels, so that no beat holds channels of two pixels."""
    found = folded.foldings(tuple(n for n in divisors(outputs[0].channels) if n <= MOST_LANES))
    return folded.placed(found, lambda f: any(row.memory == "block" for row in rows(op, inputs[0], f)))


def lanes(op: DepthToSpace, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: DepthToSpace, inputs: Types, outputs: Types) -> Dependence:
    """The pixel that the block is made of, and of its beats the output pixel's own."""
    (height, width), (y, x) = op.block, np.divmod(np.arange(outputs[0].pixels), outputs[0].width)
    phase = y % height * width + x % width
    share = phase / op.phases, (phase + 1) / op.phases
    return Dependence(y // height * inputs[0].width + x // width, whole=False, ahead=True, share=share)


def run(op: DepthToSpace, x: TensorType, folding: Folding) -> int:
    """Beats of an input pixel that one row of its block takes."""
    return x.channels // op.block[0] // folding.pe


def depth(op: DepthToSpace, x: TensorType, folding: Folding) -> tuple[int, int]:
    """Beats of the FIFO of a block's first row, and how many more each further one has.

    They are what a writer of constant speed needs in order never to wait. While it sends an input row, of h runs a
    pixel, the h output rows are read one after another. The first row of a block can be finished with the input row
    only, and is so by a reader of the same speed if 1 - 1 / h of it is there at the beginning. Each further one waits
    for 1 / h of an input row's time longer.
    """
    height = op.block[0]
    row = x.width * run(op, x, folding)
    if height == 1:
        return SLACK, 0
    return -(-row * (height - 1) // height) + run(op, x, folding) + SLACK, -(-row // height)


def rows(op: DepthToSpace, x: TensorType, folding: Folding) -> tuple[Row, ...]:
    """The FIFOs of the rows of a block."""
    (first, more), width = depth(op, x, folding), folding.pe * x.bits
    depths = [first + more * row for row in range(op.block[0])]
    return tuple(Row(beats, width, folding.buffer or _memory(beats, width)) for beats in depths)


def _memory(depth: int, width: int) -> Memory:
    return "block" if ram_in_block(depth, width) else "lut"
