"""What joins blocks: width adapters, forks, FIFOs, and the ends of the network, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import gcd

from codesign.cost.block import BlockCost
from codesign.cost.memory import block_luts, mixed_luts
from codesign.graph import TensorType
from codesign.hardware.folding import Memory, beats
from codesign.hardware.memory import block_ramb18, mixed, ram_luts

READER = BlockCost(0, 0, lut=180, ff=220, bram36=1, dsp=0)
"""A `weight_reader` of up to 32 ports with 16 beats each, besides its ports."""


PORT_IN_REGISTERS = BlockCost(0, 0, lut=41, ff=138, bram36=0, dsp=0)
"""A port of `weight_reader` that holds two bus words in registers."""

PORT_IN_MEMORY = BlockCost(0, 0, lut=65, ff=29, bram36=0, dsp=0)
"""A port of `weight_reader` that holds bus words in LUT-RAM, besides that memory."""

ENDS_LUTS, ENDS_FFS = (310, 60, 35), (540, 60, 55)
"""The registers and the AXI4-Stream ports of a design: of any, for each input, and for each output."""

ADAPTER_LUTS, ADAPTER_FFS = 14, 12
"""A stage of `stream_width`, besides its registers."""

FORK_LUTS = 3
"""A reader of `stream_fork`."""

FIFO_LUTS, FIFO_FFS = 8, 4
"""A `stream_fifo` besides its memory, the register behind that, and its counters."""

PEAK_RECORDS = BlockCost(0, 0, lut=175, ff=306, bram36=0, dsp=0)
"""A `peak_records` of one or two classes a beat; each class more takes up to 15 LUTs."""


def reader_port(words: int) -> BlockCost:
    """One port of `weight_reader` that holds so many bus words: two in registers, more in LUT-RAM."""
    if words == 2:
        return PORT_IN_REGISTERS
    return replace(PORT_IN_MEMORY, lut=PORT_IN_MEMORY.lut + ram_luts(words, 64))


def ends(inputs: int, outputs: int) -> BlockCost:
    """The registers, and the AXI4-Stream ports of so many inputs and outputs."""
    lut, ff = (fixed + each_in * inputs + each_out * outputs for fixed, each_in, each_out in (ENDS_LUTS, ENDS_FFS))
    return BlockCost(0, 0, lut, ff, 0, 0)


def width(tensor: TensorType, lanes_in: int, lanes_out: int) -> BlockCost:
    """A `stream_width` adapter; through their common divisor when neither number of lanes divides the other."""
    return _width(tensor.bits, tensor.channels, tensor.pixels, lanes_in, lanes_out)


@cache
def _width(bits: int, channels: int, pixels: int, lanes_in: int, lanes_out: int) -> BlockCost:
    if lanes_in == lanes_out:
        return BlockCost(0, 0, 0, 0, 0, 0)
    narrow = gcd(lanes_in, lanes_out)
    stages = [lanes for lanes in (lanes_in, lanes_out) if lanes != narrow]
    register = bits * sum(stages)
    cycles = pixels * beats(channels, narrow)
    gathered = min(lanes_out // narrow, beats(channels, narrow))
    latency = 2 * (lanes_in != narrow) + (gathered + 1) * (lanes_out != narrow)
    return BlockCost(
        cycles, latency, ADAPTER_LUTS * len(stages) + register // 2, ADAPTER_FFS * len(stages) + register, 0, 0
    )


def fork(readers: int) -> BlockCost:
    """A `stream_fork` to so many readers; wires if there is but one."""
    return BlockCost(0, 0, FORK_LUTS * readers, readers, 0, 0) if readers > 1 else BlockCost(0, 0, 0, 0, 0, 0)


def fifo(bits: int, depth: int, memory: Memory) -> BlockCost:
    """A `stream_fifo` of `depth` beats of `bits` bits."""
    counters = 3 * max(1, (depth - 1).bit_length())
    if memory == "block":
        luts = counters + FIFO_LUTS + block_luts(depth, bits)
        return BlockCost(0, 3, luts, counters + FIFO_FFS + bits, block_ramb18(depth, bits) / 2, 0)
    if memory == "mixed":
        luts = counters + FIFO_LUTS + mixed_luts(depth, bits)
        return BlockCost(0, 3, luts, counters + FIFO_FFS + 1 + 2 * bits, block_ramb18(mixed(depth)[0], bits) / 2, 0)
    return BlockCost(0, 2, counters + FIFO_LUTS + ram_luts(depth, bits), counters + FIFO_FFS + bits, 0, 0)
