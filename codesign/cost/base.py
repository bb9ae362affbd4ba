"""Foldings and the cost record that every operator's part in this package returns.

The part of operator X is `cost/x.py` with three pure functions:

    foldings(op, inputs, outputs) -> tuple[Folding, ...]   all that the hardware accepts, cheapest first
    lanes(op, inputs, outputs, folding) -> Lanes           channels per beat at each port
    cost(op, inputs, outputs, folding) -> BlockCost        with `inputs`, `outputs` the tensor types
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

Memory = Literal["", "block", "lut", "mixed"]
"""Block RAM, LUTs, or for each memory whichever the rule of `_memory` says; rings of pixels also in both at once."""


MOST_LANES = 64
"""Streams are no wider than this many channels, except where all channels at once need no storage."""


@dataclass(frozen=True, order=True)
class Folding:
    """Parallelism of a block: `pe` output channels x `simd` input channels (or x taps) a cycle; and how it is built.

    None of the following changes what the block computes. weights: the memory of a convolution's or fully connected
    layer's weights; "stream": a dense convolution's come from external memory (`_streamed`), one pass for every `tile`
    vectors; "wired": a binary convolution's are no memory but an adder graph. A streamed convolution contains the
    requant that reads its sums, whose own folding then is `pe` of the convolution for both, with weights "stream": it
    has no hardware of its own. buffer: the memory of pixels (window rings, repeated rows, shuffled pixels, tiles).
    slack: pixels that a window ring holds for the next window beyond those of the present one, fewer than it takes
    never to wait; 0 takes as many as that.
    pair: two outputs of a matrix share a DSP slice where the widths allow it; not in a fabric whose multipliers are too
    narrow, `Target.products_per_dsp`. products: what a matrix' multiplications are made of.
    """

    pe: int = 1
    simd: int = 1
    weights: Literal["", "block", "lut", "stream", "wired"] = ""
    tile: int = 0
    buffer: Memory = ""
    slack: int = 0
    pair: bool = True
    products: Literal["dsp", "lut"] = "dsp"

    @property
    def streamed(self) -> bool:
        return self.weights == "stream"

    @property
    def wired(self) -> bool:
        return self.weights == "wired"


@dataclass(frozen=True)
class Lanes:
    """Channels per beat at each input and output port of a block."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class BlockCost:
    """What one block takes.

    interval_cycles: cycles between the starts of two frames when neither side stalls it.
    work_cycles: those of them in which a block with a window works, not waits. missing_pixels: those a frame for which
    its ring has no room while it works on the row before; paced_cycles: cycles between frames if these come no faster
    than they must; see `Window.paced`.
    latency_cycles: cycles from the first input beat to the first output beat, inputs arriving without a gap.
    spread_cycles: from the first beat of an output pixel to its last; 0 where they leave at an even pace.
    burst: channels of an output pixel that leave at once, with a pause between bursts; 0 if there is but one.
    ring_pixels: that its ring holds, if it has one; behind_cycles: from the last read of a window out of it to the last
    output beat, if the block is never idle. tile: pixels in flight in a streamed convolution.
    multipliers: weight multiplications it can do a cycle. bram36 counts halves (RAMB18). memory_bytes: what it reads
    from external memory a frame.
    """

    interval_cycles: int
    latency_cycles: int
    lut: int
    ff: int
    bram36: float
    dsp: int
    multipliers: int = 0
    memory_bytes: int = 0
    work_cycles: int = 0
    missing_pixels: int = 0
    paced_cycles: int = 0
    spread_cycles: int = 0
    ring_pixels: int = 0
    tile: int = 0
    behind_cycles: int = 0
    burst: int = 0

    @property
    def sustained_cycles(self) -> int:
        """Cycles between frames that the block keeps up in a network, however slow its writer may be for that."""
        return max(self.interval_cycles, self.paced_cycles)


def beats(channels: int, lanes: int) -> int:
    """Beats that one pixel takes on a stream of `lanes` channels a beat; the last beat may be padded."""
    return -(-channels // lanes)


def count_bits(count: int) -> int:
    """Flip-flops of a counter modulo `count`."""
    return (count - 1).bit_length()


@cache
def divisors(number: int) -> tuple[int, ...]:
    return tuple(d for d in range(1, number + 1) if number % d == 0)
