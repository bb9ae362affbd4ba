"""Price of `avgpool.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.graph.ops.avgpool import AvgPool
from codesign.hardware.folding import Folding, Types, beats
from codesign.hardware.memory import ram_luts


class Luts(NamedTuple):
    control: float


def cost(op: AvgPool, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """An adder a lane, the sums of a pixel, and a stream register. Sums leave with the frame's last pixel."""
    (x,), (y,) = inputs, outputs
    each, width = beats(x.channels, folding.pe), folding.pe * y.bits
    counters = (each - 1).bit_length() + (x.pixels - 1).bit_length()
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=(x.pixels - 1) * each + 1,
        lut=round(2 * width + 2 * counters + coefficients("avgpool", Luts).control) + ram_luts(each, width),
        ff=2 * width + counters + 4,
        bram36=0,
        dsp=0,
    )
