"""What joins blocks: width adapters, forks and FIFOs, and what they cost."""

from __future__ import annotations

from math import gcd

from codesign.cost.base import BlockCost, beats
from codesign.graph import TensorType

RAMB18_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Depth and width of half a BRAM36 as a simple dual-port memory."""


def width(tensor: TensorType, lanes_in: int, lanes_out: int) -> BlockCost:
    """A `stream_width` adapter; through their common divisor when neither number of lanes divides the other."""
    if lanes_in == lanes_out:
        return BlockCost(0, 0, 0, 0, 0, 0)
    narrow = gcd(lanes_in, lanes_out)
    stages = [lanes for lanes in (lanes_in, lanes_out) if lanes != narrow]
    register = tensor.bits * sum(stages)
    cycles = tensor.pixels * beats(tensor.channels, narrow)
    return BlockCost(cycles, len(stages), 14 * len(stages) + register // 2, 12 * len(stages) + register, 0, 0)


def fork(readers: int) -> BlockCost:
    """A `stream_fork` to so many readers; wires if there is but one."""
    return BlockCost(0, 0, 3 * readers, readers, 0, 0) if readers > 1 else BlockCost(0, 0, 0, 0, 0, 0)


def fifo(bits: int, depth: int) -> BlockCost:
    """A `stream_fifo` of `depth` beats of `bits` bits, in LUT-RAM or block RAM by the rule of `ram`."""
    address = max(1, (depth - 1).bit_length())
    logic, registers = 4 * address + 6, 3 * address + 4
    if depth > 64 and depth * bits > 6144:
        halves = min(-(-depth // words) * -(-bits // width) for words, width in RAMB18_SHAPES)
        return BlockCost(0, 3, logic, registers + bits, halves / 2, 0)
    banks = -(-depth // 64)
    lutram = 4 * -(-bits // 6) if depth <= 32 else 4 * -(-bits // 3) * banks
    return BlockCost(0, 2, logic + lutram + bits * (banks - 1) // 2, registers + bits, 0, 0)
