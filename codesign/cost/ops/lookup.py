"""Price of `lookup.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import rom_block_luts, table_luts, varying_bits
from codesign.graph.ops.lookup import Lookup
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import rom_ramb18
from codesign.hardware.ops.lookup import Tables, tables

LATENCY = 2


class Luts(NamedTuple):
    control: float
    bit: float


def cost(op: Lookup, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,), lanes = inputs, outputs, folding.pe
    unit, each = tables(op, inputs, folding), beats(x.channels, lanes)
    varying = [varying_bits(words[:, None], y.bits) for words in unit.words]
    held = 0 if unit.in_block else sum(varying)
    depth, _ = unit.memory
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
        words = sum(rom_block_luts(depth, bits) for bits in varying)
    else:
        words = table_luts(unit.words[..., None], unit.y.bits)
    return words + round(luts.control + luts.bit * unit.folding.pe * unit.y.bits)
