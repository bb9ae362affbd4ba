"""Price of a pointwise convolution and its requantization with weights from memory (`hardware/conv_tile.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

from codesign.cost import stream
from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients
from codesign.cost.memory import block_luts
from codesign.cost.ops import requant as requant_cost
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType
from codesign.hardware.conv_tile import Plan, plan
from codesign.hardware.folding import Folding, Types, beats
from codesign.hardware.memory import block_ramb18, ram_luts
from codesign.hardware.ops.conv_tile import plan as planned


class Coefficients(NamedTuple):
    control: float
    sum_bit: float
    lane: float
    control_ff: float
    lane_ff: float


def cost(op: ConvTile, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """Cost of the block with its end of `weight_reader`."""
    made = planned(op, inputs, outputs, folding)
    alone = _cost(made, inputs[0], op.sums(*inputs), outputs[0], op.requant)
    port = stream.reader_port(made.port_words)
    return replace(alone, lut=alone.lut + port.lut, ff=alone.ff + port.ff)


def unit(
    op: Conv,
    inputs: Sequence[TensorType],
    outputs: Sequence[TensorType],
    folding: Folding,
    tile: int,
    requant: Requant | None = None,
) -> BlockCost:
    """Cost of the block without its end of `weight_reader`; the requantization is part of it only with `requant`.

    `outputs` are the convolution's sums. The interval is exact for frames whose vectors are a multiple of the tile;
    else it is exact on average, and a frame's differs from it by at most one group, `tile * steps` cycles. The latency
    is that of a first frame whose weights come no later than its pixels.
    """
    (x,), (y,) = inputs, outputs
    out = requant.infer(y)[0] if requant else y
    return _cost(plan(op, y, out, x, folding, tile), x, y, out, requant)


def _cost(p: Plan, x: TensorType, y: TensorType, out: TensorType, requant: Requant | None) -> BlockCost:
    folding, tile = p.folding, p.tile
    inside = BlockCost(0, 0, 0, 0, 0, 0)
    if requant:
        inside = requant_cost.cost(requant, (y,), (out,), Folding(folding.pe, folding.pe))
    slices = folding.simd * folding.pe // (2 if p.pair else 1)
    ramb18 = 0
    memory_luts = 0
    for in_block, addr, width in ((p.in_block, p.in_addr, p.in_width), (p.out_block, p.out_addr, p.out_width)):
        if in_block:
            ramb18 += block_ramb18(1 << addr, width)
            memory_luts += block_luts(1 << addr, width)
        else:
            memory_luts += ram_luts(1 << addr, width)
    lut, ff = _logic(p, x.plain.bits, requantized=requant is not None)
    return BlockCost(
        interval_cycles=p.steps * p.groups * p.vectors,
        latency_cycles=tile * (p.steps * (p.groups + 1) + 1) + folding.simd + inside.latency_cycles + 7,
        lut=lut + memory_luts + inside.lut,
        ff=ff + inside.ff,
        bram36=ramb18 / 2,
        dsp=slices,
        multipliers=folding.pe * folding.simd,
        memory_bytes=ceil(p.region_bytes * p.vectors / tile),
        spread_cycles=p.groups - 1,
        tile=tile,
    )


def _logic(p: Plan, x_bits: int, requantized: bool) -> tuple[int, int]:
    """(LUT, FF) besides memories and requantization.

    Each output's sum takes a multiplexer and a shift register, each lane from the fourth on a shift register. Weights
    and biases are held twice, as they are fetched and as they are used; sums that are not requantized, as they leave.
    """
    pe, simd = p.folding.pe, p.folding.simd
    sums, weights = pe * p.sum_bits, pe * simd * p.weight_bits
    k = coefficients("conv_tile", Coefficients)
    lut = round(k.control + k.sum_bit * sums + k.lane * simd) + x_bits * max(simd - 3, 0)
    biases = sums + pe * beats(p.sum_bits, p.field_bits) * p.field_bits
    return lut, round(k.control_ff + k.lane_ff * simd) + 2 * weights + biases + (0 if requantized else sums)
