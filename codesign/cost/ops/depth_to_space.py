"""Price of `depth_to_space.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost import stream
from codesign.cost.block import BlockCost, Resources
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import choice_luts
from codesign.hardware.ops.depth_to_space import rows, run

ROW_FFS = 4
"""Flip-flops of a row's FIFO besides the register behind its memory and its counters."""


class Luts(NamedTuple):
    """row: of the FIFO of a block's row besides its memory and its counters."""

    control: float
    row: float


def cost(op: DepthToSpace, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,) = inputs
    waiting = rows(op, x, folding)
    fifos = [stream.fifo_memory(row.width, row.depth, row.memory) for row in waiting]
    parts, luts, height = Resources.total(fifos), coefficients("depth_to_space", Luts), op.block[0]
    counters = _counter_bits(op, inputs, outputs, folding)
    choice = waiting[0].width * choice_luts(height)
    return BlockCost(
        interval_cycles=x.pixels * beats(x.channels, folding.pe),
        latency_cycles=fifos[0].latency_cycles,
        lut=parts.lut + counters + choice + round(luts.control + luts.row * height),
        ff=parts.ff + counters + ROW_FFS * height,
        bram36=parts.bram36,
        dsp=0,
    )


def _counter_bits(op: DepthToSpace, inputs: Types, outputs: Types, folding: Folding) -> int:
    """Counters tell where a beat belongs, and whose turn it is to leave; rows are counted where some are left out."""
    (x,), (y,) = inputs, outputs
    lines = 2 * count_bits(x.height) if op.crop[0] else 0
    pixels = count_bits(x.width) if any(op.crop) else 0
    leaving = count_bits(y.width * beats(y.channels, folding.pe))
    return count_bits(run(op, x, folding)) + pixels + lines + 2 * count_bits(op.block[0]) + leaving
