"""Price of `split.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.split import Split
from codesign.hardware.folding import Folding, Types, beats


class Luts(NamedTuple):
    control: float


def cost(op: Split, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """A stream register, and a counter of the beats of a pixel."""
    (x,) = inputs
    interval = x.pixels * sum(beats(size, folding.pe) for size in op.sizes)
    counter = (interval // x.pixels - 1).bit_length()
    width = folding.pe * x.bits
    lut = round(width + counter + coefficients("split", Luts).control)
    return BlockCost(interval, 1, lut, ff=2 * width + counter + 3, bram36=0, dsp=0)
