"""Sliding windows over a ring of pixels (`rtl_sim/rtl/{ring,window,deform_window}.sv`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from codesign.errors import GraphError
from codesign.graph.types import TensorType
from codesign.graph.windows import Pads, Pair, output_size, reach_of
from codesign.hardware.folding import Folding, Memory, beats
from codesign.hardware.memory import block_depth, block_ramb18, mixed, ram_in_block, ram_luts

RELEASE_CYCLES = 4
"""From a window's last read until a pixel written in its place can be read."""

MOST_MIXED_LUTS = 500
"""A ring whose rest takes more look-up tables than this is not parted between block RAM and LUTs."""

MOST_LUTS = 3000
"""A ring that takes more look-up tables than this is not put there."""

READ_CYCLES = 3
"""From a read of the ring until what it gives leaves the window."""

DILATION_CYCLES = 2
"""From a dilation's arrival until it can be used."""


@dataclass(frozen=True)
class Row:
    """Rows of windows: pixels from one window to the next in a row, to the next row, and to the next frame."""

    windows: int
    rows: int
    jump: int
    jump_row: int
    jump_frame: int

    @classmethod
    def of(cls, x: TensorType, windows: Pair, stride: Pair) -> Row:
        """The rows of `windows` (rows, windows a row) over frames of type `x`."""
        rows, count = windows
        column = (count - 1) * stride[1]
        return cls(
            count,
            rows,
            jump=stride[1],
            jump_row=stride[0] * x.width - column,
            jump_frame=x.pixels - (rows - 1) * stride[0] * x.width - column,
        )

    @property
    def in_step(self) -> bool:
        """Whether every window needs one pixel more than the one before."""
        return self.jump == self.jump_row == self.jump_frame == 1

    def waits(self, first: int, pixels: int, slack: int) -> int:
        """Pixels a frame that reading waits for, if during a row the writer can get `slack` pixels ahead.

        first: the last pixel of a frame's first window. Nothing past the frame's last of its `pixels` is waited for.
        """
        row = (self.windows - 1) * self.jump
        ends = [first + row + index * (row + self.jump_row) for index in range(self.rows - 1)]
        missing = (min(end + self.jump_row, pixels - 1) - end - slack for end in ends)
        return sum(max(0, pixel) for pixel in missing) + max(0, self.jump_frame - slack)


@dataclass(frozen=True)
class Window:
    """Windows of `kernel` pixels over frames of type `x`, `lanes` channels a beat, `reads` beats read for each window.

    lead: pixels from a frame's first window's origin to the frame's first pixel; span: from a window's origin to the
    last pixel that it may need; jump: pixels from one window's origin to the next one's, at most; dilated: every window
    has a dilation of its own. buffer, slack: the folding's. row: how the windows of a frame lie, where that is known.
    kernel: its height and width; padded: whether windows reach outside the frame.
    """

    x: TensorType
    lanes: int
    windows: int
    reads: int
    span: int
    lead: int
    jump: int
    dilated: bool = False
    buffer: Memory = ""
    slack: int = 0
    row: Row | None = None
    kernel: Pair = (3, 3)
    padded: bool = True

    @property
    def beats(self) -> int:
        """Beats a pixel."""
        return beats(self.x.channels, self.lanes)

    @property
    def read_cycles(self) -> int:
        return self.windows * self.reads

    @property
    def write_cycles(self) -> int:
        return self.x.pixels * self.beats

    @property
    def interval_cycles(self) -> int:
        """Reading and writing overlap but for the waits between rows; see `pixels`."""
        return max(self.read_cycles + self.wait_cycles, self.write_cycles)

    @property
    def wait_cycles(self) -> int:
        """Cycles a frame that reading waits for writing."""
        return self.missing_pixels * self.beats

    @property
    def missing_pixels(self) -> int:
        """Pixels a frame that reading waits for, since the ring had no room for them before."""
        if self.row is None or not self.slack:
            return 0
        return self.row.waits(self.span - self.lead, self.x.pixels, self.slack)

    @property
    def bordered(self) -> bool:
        """Whether each read is asked if it lies outside the frame.

        Where no window reaches outside, that is known beforehand only if the kernel's sides are powers of two: a
        counter of others has codes that no position has.
        """
        return self.padded or any(side & (side - 1) for side in self.kernel)

    def turns(self, work_cycles: int, behind_cycles: int) -> dict[str, int]:
        """Fields of a `cost.BlockCost`: how the ring and its writer take turns.

        work_cycles: of all windows of a frame; behind_cycles: see there.
        """
        return {
            "work_cycles": work_cycles,
            "missing_pixels": self.missing_pixels,
            "paced_cycles": self.paced(work_cycles),
            "ring_pixels": self.words // self.beats,
            "behind_cycles": behind_cycles,
        }

    def paced(self, work_cycles: int) -> int:
        """Cycles T between frames if the writer needs as many, and each window is worked on; 0 if that is no matter.

        A ring with less than full slack makes both take turns: while a row is worked on, the writer gets no further
        than `slack` pixels ahead, and the next row waits for the missing pixels. Each of them takes T / pixels to come:

            work_cycles + missing_pixels * T / pixels = T
        """
        missing, pixels = self.missing_pixels, self.x.pixels
        return math.ceil(work_cycles * pixels / (pixels - missing)) if missing else 0

    @property
    def latency_cycles(self) -> int:
        """From the first beat in to the first beat out."""
        first = min(self.span - self.lead + 1, self.x.pixels) * self.beats
        return max(first, DILATION_CYCLES) + READ_CYCLES + 1 if self.dilated else first + READ_CYCLES

    @property
    def pixels(self) -> int:
        """Pixels that the ring must hold: a window, and what comes before the next so that reading never waits."""
        return self.span + 1 + (self.slack or self.full_slack)

    @property
    def least_slack(self) -> int:
        """Pixels that suffice between windows of a row: those of a jump, and what cannot be written meanwhile."""
        return self._jump_in_row + self._late

    @property
    def full_slack(self) -> int:
        return self.jump + self._late

    @property
    def _jump_in_row(self) -> int:
        return self.row.jump if self.row else self.jump

    @property
    def _late(self) -> int:
        """Pixels whose places are released too late to be written during a window."""
        in_time = self.reads >= self._jump_in_row * self.beats + RELEASE_CYCLES
        return 0 if in_time else math.ceil(RELEASE_CYCLES / self.beats)

    @property
    def width(self) -> int:
        """Bits of a beat."""
        return self.lanes * self.x.bits

    @cached_property
    def in_block(self) -> bool:
        if self.buffer:
            return self.buffer != "lut"
        return ram_in_block(self.pixels * self.beats, self.width)

    @cached_property
    def words(self) -> int:
        """Beats that the ring holds: what it needs, and in block RAM what it gets anyway."""
        needed = self.pixels * self.beats
        return block_depth(needed, self.width) if self.in_block and not self.slack and not self.mixed else needed

    @property
    def mixed(self) -> bool:
        """Whether the end of the ring is in LUTs."""
        return self.buffer == "mixed"

    def ramb18(self) -> int:
        """RAMB18 halves of the ring."""
        words = mixed(self.words)[0] if self.mixed else self.words
        return block_ramb18(words, self.width) if self.in_block else 0


def sliding(
    x: TensorType, folding: Folding, lanes: int, kernel: Pair, stride: Pair, pads: Pads, dilation: Pair = (1, 1)
) -> Window:
    """Windows of a convolution or pooling, whose taps are `dilation` apart.

    Raises GraphError where the padding is as large as the kernel.
    """
    reach = reach_of(kernel, dilation)
    row = Row.of(x, output_size(x, reach, stride, pads), stride)
    if min(row.jump_row, row.jump_frame) < 1:
        raise GraphError(
            f"pads {pads} are too wide for kernel {kernel}", remedy="crop the result instead of padding it"
        )
    return Window(
        x,
        lanes,
        windows=row.rows * row.windows,
        reads=kernel[0] * kernel[1] * beats(x.channels, lanes),
        span=(reach[0] - 1) * x.width + reach[1] - 1,
        lead=pads[0] * x.width + pads[1],
        jump=max(row.jump, row.jump_row, row.jump_frame),
        buffer=folding.buffer,
        slack=folding.slack,
        row=row,
        kernel=kernel,
        padded=any(pads),
    )


def deformable(x: TensorType, folding: Folding, bound: int) -> Window:
    """Windows of 3x3 taps at dilations up to `bound`."""
    reach = bound * x.width + bound
    reads = 9 * beats(x.channels, folding.pe)
    return Window(
        x,
        folding.pe,
        windows=x.pixels,
        reads=reads,
        span=2 * reach,
        lead=reach,
        jump=1,
        dilated=True,
        buffer=folding.buffer,
    )


def variants(folding: Folding, window: Callable[[Folding], Window | None]) -> tuple[Folding, ...]:
    """`folding` with every ring of use: smaller ones, one for each number of block RAMs, parted ones, one of LUTs."""
    full = window(folding)
    if full is None or not full.in_block:
        return (folding,)
    sizes = [folding, *(replace(folding, slack=slack) for slack in _slacks(full))]
    rings = [(size, ring) for size in sizes if (ring := window(size)) is not None]
    last, least = rings[-1]
    if len(rings) > 1 and full.row and not full.row.in_step:  # block RAM holds more than the least, which `rings` take
        short = replace(folding, slack=full.least_slack)
        rings.append((short, replace(full, slack=short.slack)))
    parted = [replace(size, buffer="mixed") for size, ring in rings if _can_be_parted(ring)]
    luts = [replace(last, buffer="lut")] if ram_luts(least.words, least.width) <= MOST_LUTS else []
    return (*sizes, *parted, *luts)


def _can_be_parted(ring: Window) -> bool:
    """Whether a ring is worth being parted: what it needs, not what block RAM has room for, exceeds some block RAMs."""
    words = ring.pixels * ring.beats
    block, rest = mixed(words)
    fewer = block_ramb18(block, ring.width) < block_ramb18(words, ring.width) if block else False
    return fewer and rest > 0 and ram_luts(rest, ring.width) <= MOST_MIXED_LUTS


def _slacks(full: Window) -> list[int]:
    """The most pixels for each number of block RAMs that is enough for less than `full_slack`, descending.

    Below a row's jump, and where the writer can get that far ahead while a row is read: there `Row.waits` is exact.
    """
    row = full.row
    if row is None:
        return []
    ahead = row.windows * full.reads // full.beats - row.jump * (row.windows - 1) - RELEASE_CYCLES
    most = min(full.full_slack - 1, max(row.jump_row, row.jump_frame) - 1, ahead)
    found: list[int] = []
    halves = full.ramb18()
    slack = full.least_slack
    while slack <= most:
        here = replace(full, slack=slack)
        end = min(most, block_depth(here.pixels * full.beats, full.width) // full.beats - full.span - 1)
        if block_ramb18(here.pixels * full.beats, full.width) >= halves:
            break
        found.append(end)
        slack = end + 1
    return found[::-1]
