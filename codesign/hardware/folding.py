"""Foldings: how parallel a block is and how it is built; and the arithmetic of lanes and beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from codesign.graph.types import TensorType

Types = Sequence[TensorType]
"""Types of the inputs, or outputs, of an operator."""

Memory = Literal["", "block", "lut", "mixed"]
"""Block RAM, LUTs, or whichever the rule of `hardware.memory` says for each memory; rings of pixels also in both."""


MOST_LANES = 64
"""Streams are no wider than this many channels, except where all channels at once need no storage."""


@dataclass(frozen=True, order=True)
class Folding:
    """Parallelism of a block, `pe` output x `simd` input channels x `taps` of a window a cycle; and how it is built.

    None of the following changes what the block computes. weights: the memory of a convolution's or fully connected
    layer's weights; "wired": a binary convolution's are no memory but an adder graph. tile: pixels in flight in a block
    whose weights come from external memory (operator conv_tile), once for all of them; 0 in other blocks. buffer: the
    memory of pixels (window rings, repeated rows, shuffled pixels, tiles).
    slack: pixels that a window ring holds for the next window beyond those of the present one, fewer than it takes
    never to wait; 0 takes as many as that.
    pair: two outputs of a matrix share a DSP slice where the widths allow it; not in a fabric whose multipliers are too
    narrow, `Target.products_per_dsp`. products: what a matrix' multiplications are made of; a
    requantization by a multiplier has comparisons in place of products of LUTs.
    """

    pe: int = 1
    simd: int = 1
    taps: int = 1
    weights: Literal["", "block", "lut", "wired"] = ""
    tile: int = 0
    buffer: Memory = ""
    slack: int = 0
    pair: bool = True
    products: Literal["dsp", "lut"] = "dsp"

    @property
    def inputs(self) -> int:
        """Input values that each output is made of in a cycle."""
        return self.simd * self.taps

    @property
    def wired(self) -> bool:
        return self.weights == "wired"


@dataclass(frozen=True)
class Lanes:
    """Channels per beat at each input and output port of a block."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def beats(channels: int, lanes: int) -> int:
    """Beats that one pixel takes on a stream of `lanes` channels a beat; the last beat may be padded."""
    return -(-channels // lanes)


def count_bits(count: int) -> int:
    """Flip-flops of a counter modulo `count`."""
    return (count - 1).bit_length()


@cache
def divisors(number: int) -> tuple[int, ...]:
    return tuple(d for d in range(1, number + 1) if number % d == 0)
