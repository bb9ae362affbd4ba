"""Binary convolution, in two forms behind the same windows of single bits.

Folded: `mvu` counts, for `pe` outputs, in how many of `simd` inputs a cycle the input equals its weight. Wired
(`Folding.weights`): an adder graph has all outputs of a window at once, and the weights are in its wires.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from codesign.cost._mvu import Matrix, Mvu, behind, placed
from codesign.cost._mvu import foldings as mvu_foldings
from codesign.cost._window import Window, sliding, variants
from codesign.cost.base import MOST_LANES, BlockCost, Folding, Lanes, beats, divisors
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.types import TensorType, bits_for_range
from codesign.schedule.adder_graph import AdderGraph
from codesign.schedule.sharing import pipelined_graph

Types = tuple[TensorType, ...]

MOST_WIRED = 20_000
"""Weights of a matrix that is offered as an adder graph; larger ones are folded."""

STAGE_LEVELS = 3
"""Tables and carry chains between two registers of an adder graph."""


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
    """An adder graph behind a window, in stages of `STAGE_LEVELS` levels."""

    graph: AdderGraph
    steps: int
    accumulators: TensorType

    @property
    def latency_cycles(self) -> int:
        """From a window's first beat to its sums, beats coming without a gap."""
        return self.steps + self.graph.latency_cycles(STAGE_LEVELS) + 1

    def lut(self) -> int:
        return self.graph.lut + self.steps.bit_length() + 4

    def ff(self) -> int:
        held = self.graph.inputs + self.graph.registers(STAGE_LEVELS)
        leaving = self.accumulators.channels * self.accumulators.bits
        return held + leaving + self.graph.latency_cycles(STAGE_LEVELS) + self.steps.bit_length() + 2


@lru_cache(maxsize=64)
def wired_graph(op: BinaryConv) -> AdderGraph:
    """The adder graph of the weights, inputs in the order of windows."""
    return pipelined_graph(op.matrix, STAGE_LEVELS)


def window(op: BinaryConv, inputs: Types, folding: Folding) -> Window | None:
    """The window; None where every pixel is one."""
    if op.pointwise:
        return None
    return sliding(inputs[0], folding, folding.simd, op.kernel, op.stride, op.pads)


def unit(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Xnor:
    """The folded form's unit: its weights are bits, its bias makes sums of products of its counts."""
    bias = np.full(op.weight.shape[0], -op.inputs)
    return Xnor(Matrix((op.matrix > 0).astype(np.int32), bias, inputs[0], folding.simd), outputs[0], folding)


def wired(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Wired:
    steps = op.kernel[0] * op.kernel[1] * beats(inputs[0].channels, folding.simd)
    return Wired(wired_graph(op), steps, outputs[0])


def foldings(op: BinaryConv, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    return tuple(f for plain in _plain(op, inputs, outputs) for f in variants(plain, lambda f: window(op, inputs, f)))


def _plain(op: BinaryConv, inputs: Types, outputs: Types) -> Iterator[Folding]:
    """Foldings without their rings. Lanes past the last channel would count: all beats of a pixel are full."""
    channels = inputs[0].channels
    found = mvu_foldings(outputs[0].channels, channels)
    yield from placed(f for f in found if channels % f.simd == 0)
    if op.weight.size <= MOST_WIRED and outputs[0].channels <= MOST_LANES:
        for simd in divisors(channels):
            if simd <= MOST_LANES:
                yield Folding(outputs[0].channels, simd, weights="wired")


def lanes(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    leaving = folding.pe if folding.wired else unit(op, inputs, outputs, folding).out_lanes
    return Lanes((folding.simd,), (leaving,))


def cost(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    before = window(op, inputs, folding)
    if not folding.wired:
        return behind(before, unit(op, inputs, outputs, folding))
    form = wired(op, inputs, outputs, folding)
    work = outputs[0].pixels * form.steps
    alone = BlockCost(work, form.latency_cycles, form.lut(), form.ff(), 0, 0)
    if before is None:
        return alone
    return replace(
        alone,
        interval_cycles=max(work, before.interval_cycles),
        latency_cycles=alone.latency_cycles + before.latency_cycles,
        lut=alone.lut + before.lut(),
        ff=alone.ff + before.ff(),
        bram36=before.ramb18() / 2,
        **before.turns(max(before.read_cycles, work)),
    )
