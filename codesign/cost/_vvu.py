"""Geometry and cost of the vector-vector unit (`rtl_sim/rtl/vvu.sv`) behind `depthwise` and `deform`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from codesign.cost._memory import in_lanes, rom_in_block, rom_ramb18, table_luts, varying_bits
from codesign.cost._mvu import array_luts, in_tables, signed_bits
from codesign.cost._window import READ_CYCLES, Window, variants
from codesign.cost.base import BlockCost, Folding, count_bits
from codesign.graph.ops.base import IntArray
from codesign.graph.types import TensorType, bits_for_range


@dataclass(frozen=True, eq=False)
class Vvu:
    """One unit of `window.lanes` channels at once: weights (C, taps), the taps in the order of the window.

    placement: the folding's `weights`, which says where the biases are as well.
    """

    weight: IntArray
    bias: IntArray
    window: Window
    accumulators: TensorType
    placement: str = ""

    @property
    def taps(self) -> int:
        return int(self.weight.shape[1])

    @property
    def latency_cycles(self) -> int:
        """From a pixel's first tap to its first output, taps coming without a gap."""
        return self.taps + 4

    @cached_property
    def weight_bits(self) -> int:
        """Signed width of the weights."""
        return bits_for_range(min(int(self.weight.min()), -1), int(self.weight.max()))

    @cached_property
    def bias_bits(self) -> int:
        """Signed width of the biases."""
        return bits_for_range(min(int(self.bias.min()), -1), int(self.bias.max()))

    @property
    def weight_memory(self) -> tuple[int, int]:
        """(depth, width)."""
        return self.window.beats * self.taps, self.window.lanes * self.weight_bits

    @property
    def bias_memory(self) -> tuple[int, int]:
        return self.window.beats, self.window.lanes * self.bias_bits

    @property
    def weight_words(self) -> IntArray:
        """(depth, lanes), as the weights lie in their memory: all taps of a beat, zeros past the last channel."""
        padded = np.zeros((self.window.beats * self.window.lanes, self.taps), dtype=np.int64)
        padded[: len(self.weight)] = self.weight
        return padded.reshape(-1, self.window.lanes, self.taps).swapaxes(1, 2).reshape(-1, self.window.lanes)

    @property
    def bias_words(self) -> IntArray:
        """(beats, lanes)."""
        return in_lanes(self.bias, self.window.lanes)

    def in_block(self, memory: tuple[int, int]) -> bool:
        """Whether a table is in block RAM."""
        return self.placement != "lut" and rom_in_block(*memory)

    @property
    def tables_in_block(self) -> bool:
        return self.in_block(self.weight_memory) or self.in_block(self.bias_memory)

    @property
    def soft(self) -> bool:
        """Whether products are made in look-up tables."""
        return in_tables(self.window.x, self.weight_bits, self.accumulators.bits)

    def _ff(self) -> int:
        """Of the unit: its counters, and in a lane the result, and twice the bias on its way to the first sum.

        That way is a shift register where the sum is not in a DSP slice.
        """
        beats, acc = self.window.beats, self.accumulators.bits
        counts = (self.taps, beats, self.taps * beats) if beats > 1 else (self.taps,)
        lane = 2 * self.bias_bits - 1
        if self.soft:
            lane = _soft_ff(self.window.x, self.weight_bits, acc)
        return sum(map(count_bits, counts)) + 11 + self.window.lanes * (acc + lane)

    def _soft_lut(self) -> int:
        """Of a lane's product and sum, and of the shift register that brings the bias."""
        return array_luts(self.window.x, self.weight_bits) + self.accumulators.bits + self.bias_bits

    def cost(self) -> BlockCost:
        """Of the window and the unit."""
        lanes, tables, ramb18 = self.window.lanes, 0, self.window.ramb18()
        for memory, words, bits in (
            (self.weight_memory, self.weight_words, self.weight_bits),
            (self.bias_memory, self.bias_words, self.bias_bits),
        ):
            if self.in_block(memory):
                ramb18 += rom_ramb18(memory[0], varying_bits(words, bits))
            else:
                tables += table_luts(words[None], bits)
        control = 24 + (count_bits(self.taps) + 2 * count_bits(self.window.beats)) // 2
        products = lanes * self._soft_lut() if self.soft else 0
        return BlockCost(
            interval_cycles=self.window.interval_cycles,
            latency_cycles=self.window.latency_cycles + self.latency_cycles,
            lut=self.window.lut() + tables + control + products,
            ff=self.window.ff() + self._ff(),
            bram36=ramb18 / 2,
            dsp=0 if self.soft else lanes,
            multipliers=lanes,
            **self.window.turns(self.window.read_cycles, READ_CYCLES + self.latency_cycles - self.taps),
        )


def _soft_ff(x: TensorType, weight_bits: int, sum_bits: int) -> int:
    """Flip-flops of a `mac` in look-up tables: factors, the weight as its memory gives it too, product and sum."""
    factors = signed_bits(x) + weight_bits
    return sum_bits + 2 * factors + weight_bits


def placed(found: Iterable[Folding], unit: Callable[[Folding], Vvu]) -> tuple[Folding, ...]:
    """Every folding with the rings of use, and with its tables in LUTs where they are not anyway."""
    ringed = [f for plain in found for f in variants(plain, lambda f: unit(f).window)]
    tables = [replace(f, weights="lut") for f in ringed if unit(f).tables_in_block]
    return (*ringed, *tables)
