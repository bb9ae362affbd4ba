"""Price of `concat.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.concat import Concat
from codesign.hardware.folding import Folding, Types, beats


class Luts(NamedTuple):
    control: float


def cost(op: Concat, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """A stream register, and a counter of the beats of a pixel."""
    (y,) = outputs
    interval = y.pixels * sum(beats(x.channels, folding.pe) for x in inputs)
    counter = (interval // y.pixels - 1).bit_length()
    width = folding.pe * y.bits
    lut = round(width + counter + coefficients("concat", Luts).control)
    return BlockCost(interval, 1, lut, ff=2 * width + counter + 3, bram36=0, dsp=0)
