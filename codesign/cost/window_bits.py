"""Prices of windows that come whole, one a cycle (`hardware/window_bits.py`)."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.coefficients import coefficients
from codesign.cost.memory import block_ffs, block_luts
from codesign.hardware.folding import count_bits
from codesign.hardware.memory import ram_luts
from codesign.hardware.window_bits import WindowBits


class Luts(NamedTuple):
    """LUTs of the control."""

    fixed: float
    edge: float
    counter_bit: float


def lut(window: WindowBits) -> int:
    """Look-up tables: of the memory, one for every bit that may lie outside of the frame, and of the control."""
    words, width = window.memory
    rows = 0
    if words:
        rows = block_luts(words, width) if window.in_block else ram_luts(words, width) + window.pixel_bits
    (height, columns), (above, beside) = window.kernel, window.edges
    inside = (height - above) * (columns - beside) * window.pixel_bits
    luts = coefficients("window_bits", Luts)
    control = (
        luts.fixed + luts.edge * (above + beside) + luts.counter_bit * (window.missing_bits + _counter_bits(window))
    )
    return rows + window.bits - inside + round(control)


def ff(window: WindowBits) -> int:
    """Flip-flops; behind memory in LUTs, rows' registers that nothing else reads become shift registers."""
    words, width = window.memory
    waiting = window.x.width * width
    if words:
        waiting = block_ffs(words, width) if window.in_block else 2 * width - 3 * window.pixel_bits
        waiting += count_bits(words)
    steps = window.missing_bits + (window.missing_bits + 2 if window.after else 0)
    held = window.pixel_bits - window.lanes + count_bits(window.beats)
    return 2 * window.bits + waiting + held + _counter_bits(window) + steps + 1


def _counter_bits(window: WindowBits) -> int:
    return sum(map(count_bits, window.counts))
