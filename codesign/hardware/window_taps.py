"""Windows of which several pixels come at once (`rtl_sim/rtl/{window_columns,window_taps}.sv`).

The ring lies in one bank for each row of the kernel, so that a read gives a column of pixels. Columns pass along
registers, and a window is there with its last column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from codesign.graph.op import IntArray
from codesign.graph.types import TensorType
from codesign.graph.windows import Pads, Pair, output_size
from codesign.hardware import window
from codesign.hardware.folding import Folding, Memory, beats
from codesign.hardware.memory import block_ramb18, ram_in_block, ram_luts
from codesign.hardware.window import MOST_LUTS, READ_CYCLES, Row, Window


@dataclass(frozen=True)
class WindowTaps:
    """Windows of `kernel` pixels over frames of type `x`: `taps` of their pixels in `lanes` channels a beat."""

    x: TensorType
    lanes: int
    taps: int
    kernel: Pair
    stride: Pair
    pads: Pads
    buffer: Memory = ""

    @cached_property
    def size(self) -> Pair:
        """Rows of windows, and windows a row."""
        return output_size(self.x, self.kernel, self.stride, self.pads)

    @property
    def beats(self) -> int:
        """Beats a pixel."""
        return beats(self.x.channels, self.lanes)

    @property
    def turns(self) -> int:
        """Beats of the output for each beat of a window's pixels."""
        return self.kernel[0] * self.kernel[1] // self.taps

    @property
    def reads(self) -> int:
        """Beats of the output for each window."""
        return self.turns * self.beats

    @cached_property
    def ring(self) -> Window:
        """The ring as columns are read out of it: windows one pixel wide, as many a row as the frame has columns."""
        rows, width = self.size[0], self.x.width
        row = Row.of(self.x, (rows, width), (self.stride[0], 1))
        return Window(
            self.x,
            self.lanes,
            windows=rows * width,
            reads=self.beats,
            span=(self.kernel[0] - 1) * width,
            lead=self.pads[0] * width,
            jump=max(row.jump, row.jump_row, row.jump_frame),
            row=row,
            kernel=(self.kernel[0], 1),
            padded=any(self.pads),
        )

    @property
    def possible(self) -> bool:
        """Whether windows come in the order of their last columns: padding is smaller than the kernel on each side."""
        return self.before >= 0 and self.skipped_row >= 0 and self.ring.jump > 0 and self.pads[0] < self.kernel[0]

    @property
    def before(self) -> int:
        """Columns before the one with which a row's first window is complete."""
        return self.kernel[1] - 1 - self.pads[1]

    @property
    def beyond(self) -> int:
        """Columns past the end of a row that its last window needs."""
        return max(0, self.before + (self.size[1] - 1) * self.stride[1] - self.x.width + 1)

    @property
    def edges(self) -> Pair:
        """Rows and columns of the kernel that may lie outside of the frame."""
        below = (self.size[0] - 1) * self.stride[0] - self.pads[0] + self.kernel[0] - self.x.height
        return self.pads[0] + max(0, below), self.pads[1] + self.beyond

    @property
    def skipped(self) -> int:
        """Columns that complete no window, between two of a row."""
        return self.stride[1] - 1

    @property
    def skipped_row(self) -> int:
        """The same between the last window of a row and the first of the next."""
        return self.x.width - 1 - (self.size[1] - 1) * self.stride[1]

    @property
    def read_cycles(self) -> int:
        """Cycles a frame in which windows are read if what takes them never waits."""
        return self.size[0] * self._row_cycles

    @property
    def _row_cycles(self) -> int:
        columns = self.x.width + max(0, self.beyond - 1)
        return (columns + (self.turns - 1) * self.size[1]) * self.beats

    @property
    def write_cycles(self) -> int:
        return self.x.pixels * self.beats

    def work_cycles(self, vectors: int, steps: int, cycles: int) -> int:
        """Cycles a frame of windows that a unit works on: `vectors` of each window, of `steps` beats, `cycles` each.

        The unit keeps a vector while it works on another, so it can do without a new one for twice what it is slower
        than they come. Columns that complete no window take longer than that at times.
        """
        rows, windows = self.size
        spare = 2 * (cycles - steps)
        waits = (windows - 1) * max(0, self.skipped * self.beats - spare)
        waits += max(0, (self.skipped_row + max(0, self.beyond - 1)) * self.beats - spare)
        return rows * max(self._row_cycles, windows * vectors * cycles + waits)

    @property
    def latency_cycles(self) -> int:
        """From the first beat in to the first beat out."""
        first = min(self.ring.span - self.ring.lead, self.x.pixels - 1)
        return (first + 1 + self.before) * self.beats + READ_CYCLES

    @cached_property
    def slots(self) -> int:
        """Rows that a bank holds, a power of two: in all those of windows, and what comes before the next."""
        rows = -(-self.ring.pixels // (self.kernel[0] * self.x.width))
        return 1 << (rows - 1).bit_length()

    @property
    def turning(self) -> bool:
        """Whether the uppermost row of windows lies now in one bank, now in another."""
        steps = (self.stride[0], self.x.height - (self.size[0] - 1) * self.stride[0])
        return any(step % self.kernel[0] for step in steps)

    @property
    def ring_pixels(self) -> int:
        return self.kernel[0] * self.slots * self.x.width

    @property
    def width(self) -> int:
        """Bits of a beat of a pixel."""
        return self.lanes * self.x.bits

    @property
    def memory(self) -> tuple[int, int]:
        """Words, bits a word of each bank."""
        return self.x.width * self.beats * self.slots, self.width

    @cached_property
    def in_block(self) -> bool:
        if self.buffer:
            return self.buffer != "lut"
        return ram_in_block(*self.memory)

    def ramb18(self) -> int:
        """RAMB18 halves of all banks."""
        return self.kernel[0] * block_ramb18(*self.memory) if self.in_block else 0

    def timing(self, work_cycles: int, behind_cycles: int) -> dict[str, int]:
        """Fields of a `cost.BlockCost`, as `Window.turns` has them: the ring never keeps its writer waiting."""
        return {"work_cycles": work_cycles, "ring_pixels": self.ring_pixels, "behind_cycles": behind_cycles}


def in_order(weight: IntArray, lanes: int, taps: int) -> IntArray:
    """(outputs, K) of weights (outputs, C, ky, kx): columns in the order in which beats of `lanes` channels come.

    One tap at a time they come pixel by pixel; several at a time beat by beat of all pixels, the taps of a channel side
    by side. Channels are padded to whole beats.
    """
    outputs, channels, rows, columns = weight.shape
    padded = np.pad(weight, ((0, 0), (0, -channels % lanes), (0, 0), (0, 0)))
    if taps == 1:
        return padded.transpose(0, 2, 3, 1).reshape(outputs, -1)
    if taps < rows * columns:
        padded = padded.reshape(outputs, -1, lanes, rows, columns).transpose(0, 1, 4, 2, 3)
    return padded.reshape(outputs, -1)


def sliding(x: TensorType, folding: Folding, lanes: int, kernel: Pair, stride: Pair, pads: Pads) -> Window | WindowTaps:
    """The windows of a convolution. Raises GraphError where the padding is as large as the kernel."""
    if folding.taps == 1:
        return window.sliding(x, folding, lanes, kernel, stride, pads)
    return WindowTaps(x, lanes, folding.taps, kernel, stride, pads, folding.buffer)


def with_taps(found: Iterable[Folding], x: TensorType, kernel: Pair, windows: Windows) -> Iterator[Folding]:
    """`found`, and with several taps at once where a window is read in fewer beats than it has pixels.

    With more, as many inputs come in one tap of more channels.
    """
    for folding in found:
        yield folding
        for taps in sorted({kernel[0], kernel[0] * kernel[1]} - {1}):
            several = windows(replace(folding, taps=taps))
            if beats(x.channels, folding.simd) < taps and isinstance(several, WindowTaps) and several.possible:
                yield replace(folding, taps=taps)


def variants(folding: Folding, windows: Windows) -> tuple[Folding, ...]:
    """`folding` with every ring of use; of windows that come in several taps the one that the rule has, and in LUTs."""
    found = windows(folding)
    if not isinstance(found, WindowTaps):
        return window.variants(folding, cast(Callable[[Folding], Window | None], windows))
    luts = found.kernel[0] * ram_luts(*found.memory)
    return (folding, replace(folding, buffer="lut")) if found.in_block and luts <= MOST_LUTS else (folding,)


Windows = Callable[[Folding], Window | WindowTaps | None]
"""The windows of a folding; None where every pixel is one."""
