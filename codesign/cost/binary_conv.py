"""Binary convolution, in two forms.

Folded: `mvu` counts, for `pe` outputs, in how many of `simd` inputs a cycle the input equals its weight. Wired
(`Folding.weights`): an adder graph takes a whole window a cycle; the weights are in its wires.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from codesign.cost._memory import choice_luts
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


CARRY_BITS = 4
"""Of a sum that one cell of a carry chain makes; synthesis leaves out cells, not parts of them."""


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
        """A fit: counters and control; bits that agree, adders of their count, the sum; the choice of held sums."""
        simd, pe = self.folding.simd, self.folding.pe
        sums = 0 if self.steps == 1 else self._made_bits
        each = 2 * simd + 0.6 * (simd - simd.bit_length()) + 0.9 * sums
        choose = self.out_lanes * self._made_bits * choice_luts(pe // self.out_lanes)
        return self.memory_luts() + round(18.5 + 1.4 * self.counter_bits + pe * each) + choose

    def ff(self) -> int:
        """Counters and control; bits of x and of weights from look-up tables; what agrees, counts and sums; the output.

        The highest bit of a sum, where no output has it, is left out if the carry chain's cells end before it.
        """
        pe, simd, sums, made = self.folding.pe, self.folding.simd, self._made_bits, self.accumulators.bits
        beyond = self.steps > 1 and self.sum_bits > made and sums % CARRY_BITS > 0
        weights = 0 if self.weight_block else pe * simd
        held = pe * (simd + simd.bit_length() + 2 * sums + beyond)
        return self.counter_bits + 11 + simd + weights + held + self.out_lanes * (sums + self.bias_bits + made)

    @property
    def _made_bits(self) -> int:
        """Of a sum what an output has; of twice a number of bits the lowest is none."""
        return self.folding.simd.bit_length() if self.steps == 1 else min(self.sum_bits, self.accumulators.bits) - 1


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


@lru_cache(maxsize=4096)
def matrix(op: BinaryConv, x: TensorType, simd: int) -> Matrix:
    """The weights as bits; the biases make sums of products of their counts."""
    return Matrix((op.matrix > 0).astype(np.int32), np.full(op.weight.shape[0], -op.inputs), x, simd)


def unit(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Xnor:
    """The folded form's unit."""
    return Xnor(matrix(op, inputs[0], folding.simd), outputs[0], folding)


def wired(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> Wired:
    return Wired(wired_graph(op), window_bits(op, inputs, outputs, folding))


def window_bits(op: BinaryConv, inputs: Types, outputs: Types, folding: Folding) -> WindowBits:
    return WindowBits(inputs[0], outputs[0], folding.simd, op.kernel, op.stride, op.pads)


def foldings(op: BinaryConv, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """Of both forms. Lanes past the last channel would count: all beats of a pixel are full."""
    channels = inputs[0].channels
    full = (f for f in mvu_foldings(outputs[0].channels, channels) if channels % f.simd == 0)
    whole = placed(full, lambda f: unit(op, inputs, outputs, f))
    folded = (f for plain in whole for f in variants(plain, lambda f: window(op, inputs, f)))
    return (*folded, *_wired(op, inputs, outputs))


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
