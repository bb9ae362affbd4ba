"""Nearest upsampling: pixels repeated out of a ring of rows (`upsample.sv`)."""

from __future__ import annotations

import numpy as np

from codesign.graph.ops.upsample import Upsample
from codesign.graph.types import TensorType
from codesign.hardware import lanes as folded
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Types, beats
from codesign.hardware.memory import block_depth, ram_in_block


def foldings(op: Upsample, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    found = folded.foldings(folded.lane_counts(inputs[0].channels))
    return folded.placed(found, lambda f: in_block(op, inputs[0], f))


def lanes(op: Upsample, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return folded.uniform(folding)


def dependence(op: Upsample, inputs: Types, outputs: Types) -> Dependence:
    """The pixel that is repeated."""
    y, x = np.divmod(np.arange(outputs[0].pixels), outputs[0].width)
    return Dependence(y // op.factor * inputs[0].width + x // op.factor, whole=False, ahead=True)


def ring_depth(op: Upsample, x: TensorType, folding: Folding) -> int:
    """Beats of the ring: what a writer of constant speed needs in order never to wait.

    Such a writer has a share of 1 - 1 / factor of a row ahead when the row is first read, and writes as much again
    until its last reading begins to free it: two rows times that share. A pixel is freed by the last of its repeats
    only, which asks for the same share of a pixel; where block RAM would grow for it, that is left out, and such a
    writer waits for so many beats once a row.
    """
    each = beats(x.channels, folding.pe)
    width, least = folding.pe * x.bits, _least_depth(op, x, folding)
    depth = least + _share(each, op.factor)
    return min(depth, block_depth(least, width)) if in_block(op, x, folding) else depth


def in_block(op: Upsample, x: TensorType, folding: Folding) -> bool:
    """Whether the ring is in block RAM."""
    if folding.buffer:
        return folding.buffer == "block"
    return ram_in_block(_least_depth(op, x, folding), folding.pe * x.bits)


def _least_depth(op: Upsample, x: TensorType, folding: Folding) -> int:
    row = x.width * beats(x.channels, folding.pe)
    return max(row, _share(2 * row, op.factor), 4)


def _share(count: int, factor: int) -> int:
    """count (1 - 1 / factor), rounded up."""
    return -(-count * (factor - 1) // factor)
