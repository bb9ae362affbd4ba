"""The vector-vector unit (`rtl_sim/rtl/vvu.sv`) behind `depthwise` and `deform`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware.folding import Folding
from codesign.hardware.memory import in_lanes, rom_in_block
from codesign.hardware.window import READ_CYCLES, Window, variants


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

    @property
    def behind_cycles(self) -> int:
        """From the last read of a window to its last output."""
        return READ_CYCLES + self.latency_cycles - self.taps

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


def placed(found: Iterable[Folding], unit: Callable[[Folding], Vvu]) -> tuple[Folding, ...]:
    """Every folding with the rings of use, and with its tables in LUTs where they are not anyway."""
    ringed = [f for plain in found for f in variants(plain, lambda f: unit(f).window)]
    tables = [replace(f, weights="lut") for f in ringed if unit(f).tables_in_block]
    return (*ringed, *tables)
