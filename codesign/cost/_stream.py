"""What joins blocks: width adapters, forks and FIFOs, and what they cost."""

from __future__ import annotations

from functools import cache
from math import gcd

from codesign.cost._memory import block_ramb18, ram_in_block, ram_luts
from codesign.cost.base import BlockCost, beats
from codesign.graph import TensorType


@cache
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
    """A `stream_fifo` of `depth` beats of `bits` bits; its memory is placed by the rule of `ram`."""
    counters = 3 * max(1, (depth - 1).bit_length())
    if ram_in_block(depth, bits):
        return BlockCost(0, 3, counters + 8, counters + 4 + bits, block_ramb18(depth, bits) / 2, 0)
    return BlockCost(0, 2, counters + 8 + ram_luts(depth, bits), counters + 4 + bits, 0, 0)
