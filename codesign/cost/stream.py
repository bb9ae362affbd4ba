"""What joins blocks: width adapters, forks, FIFOs, and the ends of the network, and what they cost."""

from __future__ import annotations

from dataclasses import replace
from math import gcd
from typing import NamedTuple

from codesign.cost.block import BlockCost
from codesign.cost.coefficients import coefficients, remembered
from codesign.cost.memory import block_luts, mixed_luts
from codesign.graph import TensorType
from codesign.hardware.folding import Memory, beats
from codesign.hardware.memory import block_ramb18, mixed, ram_luts


class Part(NamedTuple):
    """LUTs and flip-flops of a part that is always the same."""

    lut: float
    ff: float


class Ends(NamedTuple):
    """What the registers take, and each input's and output's AXI4-Stream port."""

    lut: float
    lut_input: float
    lut_output: float
    ff: float
    ff_input: float
    ff_output: float


class Adapter(NamedTuple):
    """What a stage of `stream_width` takes."""

    lut: float
    register_bit: float
    ff: float


class Fork(NamedTuple):
    """What a fork takes for each reader."""

    lut: float


def reader() -> BlockCost:
    """A `weight_reader` of up to 32 ports with 16 beats each, besides its ports."""
    return _part("stream.reader", bram36=1)


def peak_records() -> BlockCost:
    """A `peak_records`."""
    return _part("stream.peak_records")


def _part(section: str, bram36: float = 0) -> BlockCost:
    found = coefficients(section, Part)
    return BlockCost(0, 0, lut=round(found.lut), ff=round(found.ff), bram36=bram36, dsp=0)


def reader_port(words: int) -> BlockCost:
    """One port of `weight_reader` that holds so many bus words: two in registers, more in LUT-RAM."""
    if words == 2:
        return _part("stream.port_in_registers")
    port = _part("stream.port_in_memory")
    return replace(port, lut=port.lut + ram_luts(words, 64))


def ends(inputs: int, outputs: int) -> BlockCost:
    """The registers, and the AXI4-Stream ports of so many inputs and outputs."""
    k = coefficients("stream.ends", Ends)
    lut = round(k.lut + k.lut_input * inputs + k.lut_output * outputs)
    ff = round(k.ff + k.ff_input * inputs + k.ff_output * outputs)
    return BlockCost(0, 0, lut, ff, 0, 0)


def width(tensor: TensorType, lanes_in: int, lanes_out: int) -> BlockCost:
    """A `stream_width` adapter; through their common divisor when neither number of lanes divides the other."""
    return _width(tensor.bits, tensor.channels, tensor.pixels, lanes_in, lanes_out)


@remembered()
def _width(bits: int, channels: int, pixels: int, lanes_in: int, lanes_out: int) -> BlockCost:
    if lanes_in == lanes_out:
        return BlockCost(0, 0, 0, 0, 0, 0)
    narrow = gcd(lanes_in, lanes_out)
    stages = [lanes for lanes in (lanes_in, lanes_out) if lanes != narrow]
    register = bits * sum(stages)
    cycles = pixels * beats(channels, narrow)
    gathered = min(lanes_out // narrow, beats(channels, narrow))
    latency = 2 * (lanes_in != narrow) + (gathered + 1) * (lanes_out != narrow)
    k = coefficients("stream.adapter", Adapter)
    lut, ff = int(k.lut * len(stages) + k.register_bit * register), round(k.ff * len(stages)) + register
    return BlockCost(cycles, latency, lut, ff, 0, 0)


def fork(readers: int) -> BlockCost:
    """A `stream_fork` to so many readers; wires if there is but one."""
    if readers == 1:
        return BlockCost(0, 0, 0, 0, 0, 0)
    return BlockCost(0, 0, round(coefficients("stream.fork", Fork).lut * readers), readers, 0, 0)


def fifo(bits: int, depth: int, memory: Memory) -> BlockCost:
    """A `stream_fifo` of `depth` beats of `bits` bits."""
    control, found = _part("stream.fifo"), fifo_memory(bits, depth, memory)
    return replace(found, lut=found.lut + control.lut, ff=found.ff + control.ff)


def fifo_memory(bits: int, depth: int, memory: Memory) -> BlockCost:
    """A `stream_fifo` without its control: the memory, the register behind it, and the counters."""
    counters = 3 * max(1, (depth - 1).bit_length())
    if memory == "block":
        return BlockCost(0, 3, counters + block_luts(depth, bits), counters + bits, block_ramb18(depth, bits) / 2, 0)
    if memory == "mixed":
        halves = block_ramb18(mixed(depth)[0], bits)
        return BlockCost(0, 3, counters + mixed_luts(depth, bits), counters + 1 + 2 * bits, halves / 2, 0)
    return BlockCost(0, 2, counters + ram_luts(depth, bits), counters + bits, 0, 0)
