"""Windows that come whole, one a cycle (`rtl_sim/rtl/window_bits.sv`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from codesign.graph.types import TensorType
from codesign.graph.windows import Pads, Pair
from codesign.hardware.folding import beats
from codesign.hardware.memory import block_ramb18, ram_in_block
from codesign.hardware.window import Row

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
        return self.first + self.x.pixels - self.row.jump_frame

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
        """Bits of a window."""
        return self.kernel[0] * self.kernel[1] * self.pixel_bits

    @property
    def pixel_bits(self) -> int:
        return self.beats * self.lanes

    @property
    def memory(self) -> tuple[int, int]:
        """Words, bits a word of the memory in which rows wait; no words where they do so in registers."""
        in_memory = self.kernel[0] > 1 and self.x.width >= LEAST_MEMORY_WIDTH
        return (self.x.width - 2 if in_memory else 0), (self.kernel[0] - 1) * self.pixel_bits

    @cached_property
    def in_block(self) -> bool:
        words, width = self.memory
        return bool(words) and ram_in_block(words, width)

    def ramb18(self) -> int:
        return block_ramb18(*self.memory) if self.in_block else 0

    @property
    def edges(self) -> Pair:
        """Rows and columns of the kernel that may lie outside of the frame."""
        low, size = self.pads, (self.x.height, self.x.width)
        count = (self.y.height, self.y.width)
        high = (max(0, (count[a] - 1) * self.stride[a] - low[a] + self.kernel[a] - size[a]) for a in (0, 1))
        rows, columns = (low[a] + reach for a, reach in enumerate(high))
        return rows, columns

    @property
    def counts(self) -> tuple[int, ...]:
        """Sizes of the counters of pixels and windows; those that nothing depends on are not there."""
        windows = (self.y.width, self.y.height) if self.kernel != (1, 1) or self.stride != (1, 1) else ()
        return (self.x.pixels, *windows) if self.after else windows

    @property
    def missing_bits(self) -> int:
        """Width of the counter of steps to the next window."""
        row = self.row
        return max(self.first + 1, row.jump, row.jump_row, row.jump_frame + self.after).bit_length()

    @property
    def row(self) -> Row:
        return Row.of(self.x, (self.y.height, self.y.width), self.stride)
