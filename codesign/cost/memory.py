"""What a memory takes: by what it holds, and with what lies around its block RAMs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from codesign.cost.coefficients import coefficients
from codesign.graph.op import IntArray
from codesign.hardware import memory
from codesign.hardware.folding import count_bits
from codesign.hardware.memory import block_layouts, mixed, ram_luts, rom_layout

PART_WORDS = 256
"""Words of the parts that `rom.sv` makes of a table."""

MOST_CONTENTS = 100_000
"""Bits of contents of which columns are compared."""


class Luts(NamedTuple):
    wide_choice: float


def choice_luts(words: int) -> int:
    """Look-up tables of a bit that is chosen from so many."""
    return memory.choice_luts(words, coefficients("memory", Luts).wide_choice)


def rom_luts(depth: int, width: int) -> int:
    """Look-up tables of a ROM whatever it holds."""
    return memory.rom_luts(depth, width, coefficients("memory", Luts).wide_choice)


def block_luts(depth: int, width: int) -> int:
    """Look-up tables that choose between the block RAMs that the depth is shared out to."""
    return sum(layout.choice_luts for layout in block_layouts(depth, width))


def block_ffs(depth: int, width: int) -> int:
    """Flip-flops of the registers behind the block RAMs that the depth is shared out to."""
    return sum(layout.banks * layout.width for layout in block_layouts(depth, width))


def rom_block_luts(depth: int, width: int) -> int:
    """The same of a ROM; width: of the bits that are not left out."""
    return rom_layout(depth, width).choice_luts


def mixed_luts(depth: int, width: int) -> int:
    """Look-up tables of a memory in both: of the part that lies in them, and of the choice between both."""
    block, rest = mixed(depth)
    return block_luts(block, width) + ram_luts(rest, width) + width + 4


def varying_bits(words: IntArray, bits: int) -> int:
    """Columns of bits that are not alike in all `words` (depth, integers a word), of so many bits each."""
    return count_varying(np.bitwise_or.reduce(words), np.bitwise_and.reduce(words), bits)


def count_varying(some: IntArray, every: IntArray, bits: int) -> int:
    """The same of the bits that are set in some words, and in every one of them."""
    return int(np.bitwise_count((some & ~every) & ((1 << bits) - 1)).sum())


def table_luts(words: IntArray, bits: int) -> int:
    """Look-up tables of ROMs of `words` (ROMs, depth, integers a word) of so many bits each, two's complement.

    As `rom.sv` parts them: of each part of 256 words, a column of bits takes what its length asks for, and those that
    are alike share it; constants and address bits take none. Which of the parts is asked for takes more. Of large
    contents no columns are taken for alike: that would take longer to find out than it is worth.
    """
    roms, depth, integers = words.shape
    if words.size * bits > MOST_CONTENTS:
        return int(roms) * rom_luts(depth, integers * bits)
    parts = [words[:, first : first + PART_WORDS] for first in range(0, depth, PART_WORDS)]
    tables = sum(_distinct_columns(part, bits) * rom_luts(part.shape[1], 1) for part in parts)
    return int(tables + int(roms) * integers * bits * choice_luts(len(parts)))


def _distinct_columns(words: IntArray, bits: int) -> int:
    """Columns of bits of all ROMs that differ from the others of theirs, from constants and from address bits."""
    roms, depth, _ = words.shape
    place = np.arange(depth)
    address = [place >> bit & 1 for bit in range(count_bits(depth))]
    known = {np.packbits(column).tobytes() for column in (0 * place, 0 * place + 1, *address)}
    digits = (words[..., None].astype(np.int64) >> np.arange(bits) & 1).reshape(roms, depth, -1).astype(np.uint8)
    columns = np.packbits(digits, axis=1).swapaxes(1, 2)  # (ROMs, columns, bytes)
    distinct = [{column.tobytes() for column in rom} - known for rom in columns]
    return sum(map(len, distinct))


def comparison_luts(bits: int) -> int:
    """Look-up tables before the carry chain that compares two numbers: two for each three bits."""
    return 2 * math.ceil(bits / 3)
