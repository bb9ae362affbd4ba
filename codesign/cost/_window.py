"""Geometry and cost of sliding windows over a ring of pixels (`rtl_sim/rtl/{ring,window,deform}.sv`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from codesign.cost._memory import block_depth, block_luts, block_ramb18, ram_in_block, ram_luts
from codesign.cost.base import beats
from codesign.errors import GraphError
from codesign.graph.ops._convolution import Pads, Pair, output_size
from codesign.graph.types import TensorType

RELEASE_CYCLES = 4
"""From a window's last read until a pixel written in its place can be read."""


DILATION_CYCLES = 2
"""From a dilation's arrival until it can be used."""


@dataclass(frozen=True)
class Window:
    """Windows of `kernel` pixels over frames of type `x`, `lanes` channels a beat, `reads` beats read for each window.

    lead: pixels from a frame's first window's origin to the frame's first pixel; span: from a window's origin to the
    last pixel that it may need; jump: pixels from one window's origin to the next one's, at most; dilated: every window
    has a dilation of its own.
    """

    x: TensorType
    lanes: int
    windows: int
    reads: int
    span: int
    lead: int
    jump: int
    dilated: bool = False

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
        """Reading and writing overlap fully; see `pixels`."""
        return max(self.read_cycles, self.write_cycles)

    @property
    def latency_cycles(self) -> int:
        """From the first beat in to the first beat out."""
        first = min(self.span - self.lead + 1, self.x.pixels) * self.beats
        return max(first, DILATION_CYCLES) + 3 if self.dilated else first + 2

    @property
    def pixels(self) -> int:
        """Pixels that the ring must hold so that reading never waits: a window and what comes before the next."""
        return self.span + 1 + self.jump + math.ceil(RELEASE_CYCLES / self.beats)

    @property
    def words(self) -> int:
        """Beats that the ring holds: what it needs, and in block RAM what it gets anyway."""
        needed, width = self.pixels * self.beats, self.lanes * self.x.bits
        return block_depth(needed, width) if ram_in_block(needed, width) else needed

    @property
    def in_block(self) -> bool:
        return ram_in_block(self.words, self.lanes * self.x.bits)

    def ramb18(self) -> int:
        return block_ramb18(self.words, self.lanes * self.x.bits) if self.in_block else 0

    def lut(self) -> int:
        width = self.lanes * self.x.bits
        address = (self.words - 1).bit_length()
        wrap = 1 if self.words & (self.words - 1) else 0
        counters = self.beats.bit_length() + 2 * self.x.pixels.bit_length()
        memory = block_luts(self.words, width) if self.in_block else ram_luts(self.words, width)
        return memory + counters + (2 + 2 * wrap + 2 * self.dilated) * address + 40

    def ff(self) -> int:
        counters = self.beats.bit_length() * 2 + 2 * self.x.pixels.bit_length()
        return counters + 2 * self.words.bit_length() + 2 * self.lanes * self.x.bits + 30


def sliding(x: TensorType, lanes: int, kernel: Pair, stride: Pair, pads: Pads) -> Window:
    """Windows of a convolution or pooling. Raises GraphError where the padding is as large as the kernel."""
    out_y, out_x = output_size(x, kernel, stride, pads)
    column = (out_x - 1) * stride[1]
    jump_row = stride[0] * x.width - column
    jump_frame = x.pixels - (out_y - 1) * stride[0] * x.width - column
    if min(jump_row, jump_frame) < 1:
        raise GraphError(
            f"pads {pads} are too wide for kernel {kernel}", remedy="crop the result instead of padding it"
        )
    return Window(
        x,
        lanes,
        windows=out_y * out_x,
        reads=kernel[0] * kernel[1] * beats(x.channels, lanes),
        span=(kernel[0] - 1) * x.width + kernel[1] - 1,
        lead=pads[0] * x.width + pads[1],
        jump=max(stride[1], jump_row, jump_frame),
    )


def deformable(x: TensorType, lanes: int, bound: int) -> Window:
    """Windows of 3x3 taps at dilations up to `bound`."""
    reach = bound * x.width + bound
    reads = 9 * beats(x.channels, lanes)
    return Window(x, lanes, windows=x.pixels, reads=reads, span=2 * reach, lead=reach, jump=1, dilated=True)
