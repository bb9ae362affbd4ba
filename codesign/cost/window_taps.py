"""Prices of windows of which several pixels come at once (`hardware/window_taps.py`)."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.coefficients import coefficients
from codesign.cost.memory import block_ffs, block_luts
from codesign.hardware.folding import count_bits
from codesign.hardware.memory import ram_luts
from codesign.hardware.window_taps import WindowTaps

SHIFTED_FROM = 3
"""Registers behind each other from which on Yosys takes a shift register."""


FLAGS = 5
"""Flip-flops besides counters and data."""

MOST_IN_A_TABLE = 3
"""Words that one table chooses from, or none of them."""


class Luts(NamedTuple):
    """LUTs of the control."""

    fixed: float
    counter_bit: float
    edge: float


def lut(window: WindowTaps) -> int:
    """Look-up tables of the banks, of the choice between them, of what may be outside, and of the control."""
    memory = block_luts if window.in_block else ram_luts
    rows = window.kernel[0]
    bits = rows * window.width
    luts = coefficients("window_taps", Luts)
    edges = sum(window.edges)
    control = luts.fixed + luts.counter_bit * sum(_counters(window)) + luts.edge * edges
    return rows * memory(*window.memory) + bits * _chosen(window) + _aside(window) + _waiting(window) + round(control)


def _chosen(window: WindowTaps) -> int:
    """Tables for each bit of a column: one word of as many as the kernel has rows, or none."""
    words = window.kernel[0] if window.turning else 1
    return -(-words // 2) if words > MOST_IN_A_TABLE else _tables(words, window.edges[0] > 0)


def _tables(words: int, or_none: bool) -> int:
    """Look-up tables of a bit that is chosen from so many words, or zero as well."""
    return -(-(words + count_bits(words) + or_none - 1) // 5)


def _aside(window: WindowTaps) -> int:
    """Tables of the columns that may be beside the frame, or of the choice of one that leaves."""
    bits = window.kernel[0] * window.width
    if window.turns == 1:
        return window.edges[1] * bits
    return bits * _tables(window.kernel[1], window.edges[1] > 0)


def _waiting(window: WindowTaps) -> int:
    """Shift registers that a column passes from one to the next."""
    bits = (window.kernel[1] - 1) * window.kernel[0] * window.width
    return bits * -(-window.beats // 32) if window.beats >= SHIFTED_FROM else 0


def ff(window: WindowTaps) -> int:
    """Flip-flops of counters, of the registers behind the banks, and of the columns."""
    rows, columns = window.kernel
    bits = rows * window.width
    waiting = 0 if window.beats >= SHIFTED_FROM else (columns - 1) * bits * window.beats
    chosen = 2 * (count_bits(rows) * window.turning + window.edges[0])
    return sum(_counters(window)) + FLAGS + chosen + _behind(window) + waiting


def _behind(window: WindowTaps) -> int:
    """Flip-flops behind the banks, of which each has two in LUTs and one behind block RAM, and of the column chosen."""
    rows = window.kernel[0]
    behind = block_ffs(*window.memory) if window.in_block else 2 * window.width
    return rows * (behind + window.width)


def _counters(window: WindowTaps) -> tuple[int, ...]:
    """Bits of all counters: of the ring, of writing, of reading, and of the windows."""
    ring, row = window.ring, window.x.width * window.beats
    capacity = window.ring_pixels
    jump = ring.jump.bit_length()
    pixels = (capacity + ring.span + (1 << jump) - 1).bit_length() + 2
    frames = (capacity // window.x.pixels + 2).bit_length() + 1
    place = count_bits(window.kernel[0]) + count_bits(window.slots)
    last = window.skipped_row + window.beyond
    missing = (max(window.before, window.skipped, last) * window.beats + 1).bit_length()
    empty = 2 * (window.beyond * window.beats).bit_length() + 1 if window.beyond else 0
    return (
        2 * pixels + frames + count_bits(window.beats) + count_bits(window.x.pixels),
        count_bits(row) + place,
        count_bits(window.beats) + count_bits(row) + count_bits(window.size[0]) + place,
        count_bits(window.turns) + count_bits(window.beats) + count_bits(window.size[1]) + missing + empty,
    )
