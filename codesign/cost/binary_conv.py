"""Binary convolution, in two forms.

Folded: `mvu` counts, for `pe` outputs, in how many of `simd` inputs a cycle the input equals its weight. Wired
(`Folding.weights`): an adder graph takes a whole window a cycle; the weights are in its wires.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from codesign.cost._mvu import Matrix, Mvu, behind, placed
from codesign.cost._mvu import foldings as mvu_foldings
from codesign.cost._window import Window, sliding, variants
from codesign.cost._window_bits import WindowBits
from codesign.cost.base import MOST_LANES, BlockCost, Folding, Lanes, divisors
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.types import TensorType, bits_for_range
from codesign.reuse.adder_graph import AdderGraph
from codesign.reuse.sharing import pipelined_graph

Types = tuple[TensorType, ...]

MOST_WIRED = 20_000
"""Weights of a matrix that is offered as an adder graph; larger ones are folded."""

STAGE_LEVELS = 3
"""Tables and carry chains between two registers of an adder graph."""


GRAPH_LUTS = 1.4
"""Look-up tables for each that an adder graph counts, a fit: not every table gets into the carry chain behind it."""


PLAIN_LUTS = 1.5
"""Look-up tables a weight if every output of a whole window is counted by itself; a fit, see benchmarks/mst.json."""


@dataclass(frozen=True, eq=False)
class Xnor(Mvu):
    """The unit in which weights and lanes are single bits; there is one sum for all lanes, twice the equal ones."""

    @property
    def weight_bits(self) -> int:
        return 1

    @property
    def weight_memory(self) -> tuple[int, int]:
        return self.groups * self.steps, self.folding.pe * self.folding.simd

    @cached_property
    def sum_bits(self) -> int:
        return bits_for_range(-1, 2 * self.steps * self.folding.simd)

    @property
    def tree_levels(self) -> int:
        return 1

    @cached_property
    def packed(self) -> bool:
        return False

    @property
    def multipliers(self) -> int:
        return 0

    def dsp(self) -> int:
        return 0

    def lut(self) -> int:
        pe, simd = self.folding.pe, self.folding.simd
        turns = pe // self.out_lanes
        choose = math.ceil((turns - 1) / 3) * self.sum_bits * self.out_lanes
        count = simd + popcount_luts(simd) + self.sum_bits
        control = 30 + 3 * (self.steps.bit_length() + self.groups.bit_length()) + 2 * self.out_beats.bit_length()
        return self.memory_luts() + choose + pe * count + self.out_lanes * self.accumulators.bits + control

    def ff(self) -> int:
        pe, simd = self.folding.pe, self.folding.simd
        counted = pe * (simd + simd.bit_length() + 2 * self.sum_bits)
        leaving = self.out_lanes * (self.sum_bits + self.bias_bits + self.accumulators.bits)
        weights = 0 if self.weight_block else self.weight_memory[1]
        return counted + leaving + weights + simd + 40


def popcount_luts(bits: int) -> int:
    """Look-up tables that count so many bits: compressors of six bits to three, and adders of what they leave."""
    if bits < 2:
        return 0
    width = bits.bit_length()
    return bits if bits > 6 else width


@dataclass(frozen=True, eq=False)
class Wired:
    """An adder graph behind whole windows, in stages of `STAGE_LEVELS` levels."""

    graph: AdderGraph
    window: WindowBits

    def cost(self) -> BlockCost:
        latency, waiting = self.graph.latency_cycles(STAGE_LEVELS), self.graph.registers(STAGE_LEVELS, behind=1)
        return BlockCost(
            interval_cycles=self.window.interval_cycles,
            latency_cycles=self.window.latency_cycles + latency + 1,
            lut=round(GRAPH_LUTS * self.graph.lut) + waiting.shift_registers + self.window.lut(),
            ff=waiting.flip_flops + self.window.ff() + latency + 1,
            bram36=self.window.ramb18() / 2,
            dsp=0,
        )


def plain_lut(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> int:
    """Look-up tables of the block if every output is counted by itself at the same rate."""
    if not folding.wired:
        return cost(op, inputs, outputs, folding).lut
    window = window_bits(op, inputs, outputs, folding)
    return window.lut() + round(PLAIN_LUTS * op.weight.size)


@lru_cache(maxsize=64)
def wired_graph(op: BinaryConv) -> AdderGraph:
    """The adder graph of the weights, inputs in the order of windows."""
    return pipelined_graph(op.matrix, STAGE_LEVELS)


def window(op: BinaryConv, inputs: Types, folding: Folding) -> Window | None:
    """The folded form's window; None where every pixel is one."""
    if op.pointwise:
        return None
    return sliding(inputs[0], folding, folding.simd, op.kernel, op.stride, op.pads)


def unit(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Xnor:
    """The folded form's unit: its weights are bits, its bias makes sums of products of its counts."""
    bias = np.full(op.weight.shape[0], -op.inputs)
    return Xnor(Matrix((op.matrix > 0).astype(np.int32), bias, inputs[0], folding.simd), outputs[0], folding)


def wired(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Wired:
    return Wired(wired_graph(op), window_bits(op, inputs, outputs, folding))


def window_bits(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> WindowBits:
    return WindowBits(inputs[0], outputs[0], folding.simd, op.kernel, op.stride, op.pads)


def foldings(op: BinaryConv, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    folded = (f for plain in _folded(op, inputs, outputs) for f in variants(plain, lambda f: window(op, inputs, f)))
    return (*folded, *_wired(op, inputs, outputs))


def _folded(op: BinaryConv, inputs: Types, outputs: Types) -> Iterator[Folding]:
    """Foldings without their rings. Lanes past the last channel would count: all beats of a pixel are full."""
    channels = inputs[0].channels
    return iter(placed(f for f in mvu_foldings(outputs[0].channels, channels) if channels % f.simd == 0))


def _wired(op: BinaryConv, inputs: Types, outputs: Types) -> Iterator[Folding]:
    if op.weight.size > MOST_WIRED or outputs[0].channels > MOST_LANES:
        return
    for simd in divisors(inputs[0].channels):
        folding = Folding(outputs[0].channels, simd, weights="wired")
        if simd <= MOST_LANES and window_bits(op, inputs, outputs, folding).possible:
            yield folding


def lanes(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    leaving = folding.pe if folding.wired else unit(op, inputs, outputs, folding).out_lanes
    return Lanes((folding.simd,), (leaving,))


def cost(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    if folding.wired:
        return wired(op, inputs, outputs, folding).cost()
    return behind(window(op, inputs, folding), unit(op, inputs, outputs, folding))
