"""Price of `top_k.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import comparison_luts
from codesign.graph.ops.top_k import TopK
from codesign.hardware.folding import Folding, Types, beats, count_bits


class Luts(NamedTuple):
    control: float
    place: float
    choice_bit: float
    index_bit: float


def cost(op: TopK, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """A comparison and a choice for each lane but one, and for each place; and the indices that wait to leave."""
    (x,), (y,), lanes = inputs, outputs, folding.pe
    each, index = beats(x.channels, lanes), y.bits
    levels, padded = count_bits(lanes), x.channels % lanes > 0
    key = x.bits + padded
    nodes = [-(-lanes >> level) for level in range(1, levels + 1)]
    tree = sum(count * (key + level) for level, count in enumerate(nodes, 1))
    luts = coefficients("top_k", Luts)
    chosen = tree - nodes[-1] * 0 if nodes else 0
    passed = (op.k - 1) * (key + index)
    lut = luts.control + luts.place * op.k + luts.choice_bit * (chosen + passed) + luts.index_bit * index * (op.k + 1)
    compared = (lanes - 1 + 1) * comparison_luts(key) + (op.k - 1) * comparison_luts(key + index)
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=each + levels + op.k - 1,
        lut=round(lut) + compared,
        ff=tree + levels + op.k * (key + index) + passed + (op.k - 1) * (index + 4) + 2 * op.k * index + 2,
        bram36=0,
        dsp=0,
    )
