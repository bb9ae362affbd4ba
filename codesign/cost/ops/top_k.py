"""Price of `top_k.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import comparison_luts
from codesign.graph.ops.top_k import TopK
from codesign.hardware.folding import Folding, Types, beats, count_bits

SHIFTED = 3
"""Registers in a row of which Yosys makes a shift register."""


class Luts(NamedTuple):
    control: float
    place: float
    choice_bit: float
    index_bit: float


def cost(op: TopK, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """A comparison, a choice and registers for every lane but one, and for each place; a place passes the other on.

    A pixel of one beat is held by no place. Indices wait for those of the next places, and in a stream register.
    """
    (x,), index, lanes = inputs, outputs[0].bits, folding.pe
    each, levels = beats(x.channels, lanes), count_bits(lanes)
    key = x.bits + (x.channels % lanes > 0)
    tree = _tree(lanes, key)
    held, passed = (each > 1) * op.k * (key + index), (op.k - 1) * (key + index)
    places = comparison_luts(key) * (each > 1) + (op.k - 1) * comparison_luts(key + index)
    luts = coefficients("top_k", Luts)
    lut = luts.control + luts.place * op.k + luts.choice_bit * (tree.chosen + passed)
    lut += luts.index_bit * index * (op.k + (each > 1))
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=each + levels + op.k - 1,
        lut=round(lut) + tree.shifting + (lanes - 1) * comparison_luts(key) + places,
        ff=tree.ff + levels + held + passed + (op.k - 1) * (index + 4) + 2 * op.k * index + 2 + count_bits(each),
        bram36=0,
        dsp=0,
    )


class Tree(NamedTuple):
    """Bits that are chosen, flip-flops, and look-up tables that are shift registers."""

    chosen: int
    ff: int
    shifting: int


def _tree(lanes: int, key: int) -> Tree:
    """The last of an odd number of lanes waits: SHIFTED registers in a row, or more, become shift registers."""
    chosen = ff = shifting = row = level = 0
    while lanes > 1:
        level += 1
        pairs, waits = divmod(lanes, 2)
        chosen += pairs * (key + level)
        ff += pairs * (key + level) + waits * key
        row = row + 1 if waits else 1
        next_waits = (pairs + waits) % 2 and pairs + waits > 1
        if row >= SHIFTED and not next_waits:
            ff, shifting = ff - row * key, shifting + key
        lanes = pairs + waits
    return Tree(chosen, ff, shifting)
