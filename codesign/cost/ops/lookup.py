"""Price of `lookup.sv`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import PART_WORDS, rom_block_luts, table_luts, varying_bits
from codesign.graph.ops.lookup import Lookup
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import rom_ramb18
from codesign.hardware.ops.lookup import Tables, tables

LATENCY = 2


class Luts(NamedTuple):
    """table: what Yosys leaves of the look-up tables of a curve, in which words that follow each other are alike."""

    control: float
    bit: float
    table: float


def cost(op: Lookup, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    unit, each = tables(op, inputs, folding), beats(x.channels, lanes)
    varying = [varying_bits(words[:, None], y.bits) for words in unit.words]
    (depth, _), held = unit.memory, 0 if unit.in_block else sum(varying)
    if depth > PART_WORDS and not unit.in_block:  # where tables are chosen from, a bit that is always 1 has a register
        held += sum(int(np.bitwise_count(np.bitwise_and.reduce(words) & ((1 << y.bits) - 1))) for words in unit.words)
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=LATENCY,
        lut=_lut(unit, varying) + count_bits(unit.beats),
        ff=held + 2 * lanes * y.bits + count_bits(unit.beats) + LATENCY + 1,
        bram36=sum(rom_ramb18(depth, bits) for bits in varying) / 2 if unit.in_block else 0,
        dsp=0,
    )


def _lut(unit: Tables, varying: list[int]) -> int:
    luts, (depth, _) = coefficients("lookup", Luts), unit.memory
    if unit.in_block:
        words: float = sum(rom_block_luts(depth, bits) for bits in varying)
    else:
        words = luts.table * table_luts(unit.words[..., None], unit.y.bits)
    return round(words + luts.control + luts.bit * unit.folding.pe * unit.y.bits)
