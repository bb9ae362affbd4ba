"""Price of `threshold.sv`."""

from __future__ import annotations

from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import comparison_luts, rom_block_luts, table_luts, varying_bits
from codesign.graph.ops.threshold import Threshold
from codesign.hardware.folding import Folding, Types, beats, count_bits
from codesign.hardware.memory import rom_ramb18
from codesign.hardware.ops.threshold import Search, search


class Luts(NamedTuple):
    control: float


def cost(op: Threshold, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    (x,), (y,) = inputs, outputs
    s = search(op, inputs, folding)
    counter = count_bits(s.beats)
    held = s.stages * s.x.bits + s.stages * (s.stages - 1) // 2 + 2 * y.bits
    words = sum(width for (_, width), block in zip(s.memories, s.in_block, strict=True) if not block)
    each = beats(x.channels, folding.pe)
    return BlockCost(
        interval_cycles=x.pixels * each,
        latency_cycles=s.stages + 1,
        lut=_lut(s),
        ff=folding.pe * (held + words) + counter * s.stages + s.stages + 2,
        bram36=sum(rom_ramb18(*memory) for memory in _block_roms(s)) / 2,
        dsp=0,
    )


def _lut(s: Search) -> int:
    """Each lane has the complement, whose bits go on to a further stage, and in each stage a comparison and a table."""
    lanes, stages = s.folding.pe, s.stages
    complement = (s.bits if stages > 1 else s.bits // 4) if s.flips else 0
    tables = sum(
        table_luts(s.tables(stage)[..., None], width)
        for stage, ((_, width), block) in enumerate(zip(s.memories, s.in_block, strict=True))
        if not block
    )
    tables += sum(rom_block_luts(*memory) for memory in _block_roms(s))
    each = stages * comparison_luts(s.bits) + complement + stages
    return lanes * each + tables + count_bits(s.beats) + round(coefficients("threshold", Luts).control)


def _block_roms(s: Search) -> list[tuple[int, int]]:
    """(depth, bits that are not left out) of the tables of all stages and lanes that are in block RAM."""
    return [
        (depth, varying_bits(lane[:, None], width))
        for stage, ((depth, width), block) in enumerate(zip(s.memories, s.in_block, strict=True))
        if block
        for lane in s.tables(stage)
    ]
