"""Price of `split.sv`."""

from __future__ import annotations

from codesign.cost.block import BlockCost
from codesign.graph.ops.split import Split
from codesign.hardware.folding import Folding, Types, beats

CONTROL_LUTS = 8


def cost(op: Split, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """A stream register, and a counter of the beats of a pixel."""
    (x,) = inputs
    interval = x.pixels * sum(beats(size, folding.pe) for size in op.sizes)
    counter = (interval // x.pixels - 1).bit_length()
    width = folding.pe * x.bits
    return BlockCost(interval, 1, lut=width + counter + CONTROL_LUTS, ff=2 * width + counter + 3, bram36=0, dsp=0)
