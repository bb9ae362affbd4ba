"""Geometry and cost of windows that come whole, one a cycle (`rtl_sim/rtl/window_bits.sv`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from codesign.cost._memory import block_ffs, block_luts, block_ramb18, ram_in_block, ram_luts
from codesign.cost._window import Row
from codesign.cost.base import beats, count_bits
from codesign.graph.ops._convolution import Pads, Pair
from codesign.graph.types import TensorType

LEAST_MEMORY_WIDTH = 4
"""Rows of fewer pixels wait in registers."""


@dataclass(frozen=True)
class WindowBits:
    """Windows of `kernel` pixels, one for each pixel of `y`, over binary frames `x` of `lanes` channels a beat."""

    x: TensorType
    y: TensorType
    lanes: int
    kernel: Pair
    stride: Pair
    pads: Pads

    @property
    def beats(self) -> int:
        """Beats a pixel."""
        return beats(self.x.channels, self.lanes)

    @property
    def first(self) -> int:
        """The pixel with which a frame's first window is complete, from 0 and on past the frame's last."""
        return (self.kernel[0] - 1 - self.pads[0]) * self.x.width + self.kernel[1] - 1 - self.pads[1]

    @property
    def last(self) -> int:
        """The same of its last window."""
        return self.first + self.x.pixels - self._row.jump_frame

    @property
    def after(self) -> int:
        """Pixels by which a frame's last window reaches past its last one."""
        return max(0, self.last - self.x.pixels + 1)

    @property
    def possible(self) -> bool:
        """Whether a frame is large enough for its windows."""
        return max(self.first, self.after) < self.x.pixels

    @property
    def interval_cycles(self) -> int:
        return self.x.pixels * self.beats

    @property
    def latency_cycles(self) -> int:
        """From a frame's first beat to its first window, beats coming without a gap."""
        return (self.first + 1) * self.beats + 1

    @property
    def bits(self) -> int:
        """Of a window."""
        return self.kernel[0] * self.kernel[1] * self._pixel

    @property
    def _pixel(self) -> int:
        return self.beats * self.lanes

    @property
    def memory(self) -> tuple[int, int]:
        """Words, bits a word of the memory in which rows wait; no words where they do so in registers."""
        in_memory = self.kernel[0] > 1 and self.x.width >= LEAST_MEMORY_WIDTH
        return (self.x.width - 2 if in_memory else 0), (self.kernel[0] - 1) * self._pixel

    @cached_property
    def in_block(self) -> bool:
        words, width = self.memory
        return bool(words) and ram_in_block(words, width)

    def ramb18(self) -> int:
        return block_ramb18(*self.memory) if self.in_block else 0

    def lut(self) -> int:
        """Memory, a table for every bit that may lie outside of the frame, and a fit: what is outside, and counters."""
        words, width = self.memory
        rows = 0
        if words:
            rows = block_luts(words, width) if self.in_block else ram_luts(words, width) + self._pixel
        inside = (self.kernel[0] - self._edges[0]) * (self.kernel[1] - self._edges[1]) * self._pixel
        control = 12 + 5 * sum(self._edges) + 1.2 * (self._missing_bits + sum(map(count_bits, self._counts)))
        return rows + self.bits - inside + round(control)

    def ff(self) -> int:
        """Of the rows' registers behind memory in LUTs, those that nothing else reads become shift registers."""
        words, width = self.memory
        waiting = self.x.width * width
        if words:
            waiting = block_ffs(words, width) if self.in_block else 2 * width - 3 * self._pixel
            waiting += count_bits(words)
        steps = self._missing_bits + (self._missing_bits + 2 if self.after else 0)
        held = self._pixel - self.lanes + count_bits(self.beats)
        return 2 * self.bits + waiting + held + sum(map(count_bits, self._counts)) + steps + 1

    @property
    def _edges(self) -> Pair:
        """Rows and columns of the kernel that may lie outside of the frame."""
        low, size = self.pads, (self.x.height, self.x.width)
        count = (self.y.height, self.y.width)
        high = (max(0, (count[a] - 1) * self.stride[a] - low[a] + self.kernel[a] - size[a]) for a in (0, 1))
        rows, columns = (low[a] + reach for a, reach in enumerate(high))
        return rows, columns

    @property
    def _counts(self) -> tuple[int, ...]:
        """Of the counters of pixels and windows; those that nothing depends on are not there."""
        windows = (self.y.width, self.y.height) if self.kernel != (1, 1) or self.stride != (1, 1) else ()
        return (self.x.pixels, *windows) if self.after else windows

    @property
    def _missing_bits(self) -> int:
        """Of the steps to the next window."""
        row = self._row
        return max(self.first + 1, row.jump, row.jump_row, row.jump_frame + self.after).bit_length()

    @property
    def _row(self) -> Row:
        return Row.of(self.x, (self.y.height, self.y.width), self.stride)
