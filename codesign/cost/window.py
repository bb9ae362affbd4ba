"""Prices of sliding windows over a ring of pixels (`hardware/window.py`)."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.coefficients import coefficients
from codesign.cost.memory import block_ffs, block_luts, mixed_luts
from codesign.hardware.folding import count_bits
from codesign.hardware.memory import ram_luts
from codesign.hardware.window import Window


class SlidingLuts(NamedTuple):
    """Besides the memory."""

    fixed: float
    address_bit: float
    wrap_bit: float
    wrap: float
    jump_bit: float
    outside: float


class DilatedLuts(NamedTuple):
    """Besides the memory."""

    fixed: float
    address_bit: float
    wrap_bit: float
    jump_bit: float
    place_bit: float


def lut(window: Window) -> int:
    """Look-up tables of the memory and what is around it: the address and its wrapping, jumps, what is outside."""
    address, jump = count_bits(window.words), window.jump.bit_length()
    wraps = window.words & (window.words - 1) > 0
    memory = mixed_luts if window.mixed else block_luts if window.in_block else ram_luts
    if window.dilated:
        place = count_bits(window.x.width) + count_bits(window.x.height)
        luts = coefficients("window.dilated", DilatedLuts)
        logic = luts.fixed + (luts.address_bit + luts.wrap_bit * wraps) * address
        logic += luts.jump_bit * jump + luts.place_bit * place
    else:
        of_sliding = coefficients("window.sliding", SlidingLuts)
        logic = of_sliding.fixed + of_sliding.address_bit * address + of_sliding.jump_bit * jump
        logic += (of_sliding.wrap_bit * address + of_sliding.wrap) * wraps + of_sliding.outside * window.bordered
    shifted = 0 if window.bordered or window.in_block else window.width
    return memory(window.words, window.width) + shifted + round(logic)


def ff(window: Window) -> int:
    """Flip-flops of the counters, the reader's place, and the registers behind the memory."""
    return _ring_ff(window) + _position_ff(window) + _data_ff(window)


def _ring_ff(window: Window) -> int:
    """Flip-flops of the ring's counters: address, beat and pixel of the writer, pixels there and free, frames."""
    capacity = window.words // window.beats
    pixels = (capacity + window.span + (1 << window.jump.bit_length()) - 1).bit_length() + 2
    frames = (capacity // window.x.pixels + 2).bit_length() + 1
    return count_bits(window.words) + count_bits(window.beats) + count_bits(window.x.pixels) + 2 * pixels + frames


def _position_ff(window: Window) -> int:
    """Flip-flops of the reader: its place within window, row and frame, its address, and what goes along with reads."""
    inside = sum(map(count_bits, window.kernel)) + count_bits(window.beats)
    if window.dilated:
        bound = window.lead // (window.x.width + 1)
        size = count_bits(window.x.width) + count_bits(window.x.height)
        return inside + size + 2 * count_bits(window.words) + 2 * (bound.bit_length() + 1) + 7
    rows = (window.row.windows, window.row.rows) if window.row else (window.windows, 1)
    return inside + sum(map(count_bits, rows)) + count_bits(window.words) + 4 + 2 * window.bordered


def _data_ff(window: Window) -> int:
    """Registers behind the memory, of which in LUTs three without a choice become a shift register."""
    if window.mixed:
        return 4 * window.width + 2
    if window.in_block:
        return block_ffs(window.words, window.width) + window.width
    return 3 * window.width if window.bordered else 0
