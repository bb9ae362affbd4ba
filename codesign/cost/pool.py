"""Cost of `pool.sv` behind a window: `maxpool` and `peak`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost import window as window_cost
from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.hardware.window import READ_CYCLES, Window


class Luts(NamedTuple):
    control: float


def cost(window: Window, taps: int, compared: int) -> BlockCost:
    """The window and the comparison of `taps` positions; `compared`: bits of a lane that are compared again at the end.

    A lane holds the highest value so far and of the last window, and where it is compared again both centres.
    """
    luts = coefficients("pool", Luts)
    lanes, bits = window.lanes, window.x.bits
    chosen = bits - 1 + (bits if window.bordered else 0)  # what is outside is zero
    if window.x.signed:
        chosen += 1 if window.bordered else 2  # the sign is inverted where it comes in, and where it leaves
    held = lanes * (4 if compared else 2) * bits
    return BlockCost(
        interval_cycles=window.interval_cycles,
        latency_cycles=window.latency_cycles + taps + 1,
        lut=window_cost.lut(window) + lanes * (chosen + 2 * compared) + round(luts.control),
        ff=window_cost.ff(window) + held + (taps - 1).bit_length() + 2 + window.bordered,
        bram36=window.ramb18() / 2,
        dsp=0,
        **window.turns(window.read_cycles, READ_CYCLES + 1),
    )
