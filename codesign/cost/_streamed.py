"""Cost of `conv_tile.sv`: a convolution whose weights come from memory, one pass for each tile of pixels.

The unit keeps `tile` vectors (pixels of a pointwise convolution, windows of others) in flight, which share every weight
word, so that all weights are read once for every `tile` vectors: of the memory it asks

    region_bytes * (vectors / tile) * frames per second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from codesign.cost import _memory, _stream
from codesign.cost import requant as requant_cost
from codesign.cost._mvu import DSP_FACTOR_BITS
from codesign.cost.base import BlockCost, Folding, Lanes, beats
from codesign.errors import ScheduleError
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.types import TensorType, bits_for_range
from codesign.targets import BUS_BITS

_ANSWER_CYCLES = 16
"""From a bus word's leaving a block's end of the reader until the next one comes, while others are served as well."""

_PIPELINE = 4
"""Cycles of a word in which the next one cannot be fetched yet, beyond one for each unit."""


@dataclass(frozen=True)
class Plan:
    """Everything about a streamed block that follows from the operator, the folding and the tile.

    A weight word is `folding.simd` units of `unit_bits`, one unit an input lane: `folding.pe` fields of `field_bits`.
    A group of outputs takes `steps` words; its first one and the `extra_steps - 1` before that are each followed by
    `extra` units, which hold the group's bias. `pair`: two outputs share a DSP slice. Memories have a power of two of
    beats.
    """

    folding: Folding
    tile: int
    steps: int
    groups: int
    vectors: int
    weight_bits: int
    field_bits: int
    sum_bits: int
    extra: int
    extra_steps: int
    pair: bool
    in_width: int
    in_addr: int
    out_width: int
    out_addr: int

    @property
    def unit_bits(self) -> int:
        return self.folding.pe * self.field_bits

    @property
    def units(self) -> int:
        """Units of one pass over all weights."""
        return self.groups * (self.steps * self.folding.simd + self.extra * self.extra_steps)

    @property
    def region_bytes(self) -> int:
        return self.units * self.unit_bits // 8

    @property
    def bus_share(self) -> float:
        """Bus words a cycle that the block asks for while it works without a pause."""
        return self.region_bytes * 8 / BUS_BITS / (self.tile * self.steps * self.groups)

    @property
    def port_words(self) -> int:
        """Bus words that the block's end of the reader holds, a power of two, so that no weight word has to wait.

        A weight word's units are wanted at once; those that surely lie there are one more than those of the whole words
        behind the one that is being read, less what is on its way.
        """
        each, wanted = BUS_BITS // self.unit_bits, self.folding.simd + self.extra
        on_their_way = self.bus_share * _ANSWER_CYCLES
        if wanted <= each + 1 and on_their_way <= 1:
            return 2
        return 1 << (ceil((wanted + each - 1) / each) + ceil(on_their_way) - 1).bit_length()

    @property
    def in_block(self) -> bool:
        return self._block(self.in_addr, self.in_width)

    @property
    def out_block(self) -> bool:
        return self._block(self.out_addr, self.out_width)

    def _block(self, addr: int, width: int) -> bool:
        chosen = self.folding.buffer
        return chosen == "block" if chosen else _memory.ram_in_block(1 << addr, width)


def foldings(op: Conv, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> tuple[Folding, ...]:
    """Foldings by multipliers: the outputs' fields fill a bus word evenly, the inputs are any number."""
    field = _field_bits(_weight_bits(op))
    vector = op.weight[0].size
    steps = sorted({beats(vector, simd) for simd in range(1, min(vector, 32) + 1)})
    simds = [beats(vector, count) for count in steps]
    found = [Folding(pe, simd) for pe in (1, 2, 4, 8, 16, 32, 64) if pe * field <= BUS_BITS for simd in simds]
    return tuple(sorted(found, key=lambda f: (f.pe * f.simd, f.pe)))


def lanes(op: Conv, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding) -> Lanes:
    """At the ports of vectors; the weight port follows as `in1`."""
    return Lanes((folding.simd,), (folding.pe,))


def plan(op: Conv, y: TensorType, out: TensorType, x: TensorType, folding: Folding, tile: int) -> Plan:
    """How a convolution from x to sums y streams its weights; `out` is y, or what a requantization makes of it.

    Raises ScheduleError where the block cannot be built so: more vectors in a tile than groups of outputs, a tile too
    short to fetch a weight word meanwhile, or fields that do not fill the bus.
    """
    weight_bits = _weight_bits(op)
    field = _field_bits(weight_bits)
    vector = op.weight[0].size
    steps, groups = beats(vector, folding.simd), beats(op.weight.shape[0], folding.pe)
    unit = folding.pe * field
    if unit > BUS_BITS or BUS_BITS % unit:
        raise ScheduleError(
            f"{folding.pe} outputs of {field} bits do not fill {BUS_BITS} bits", remedy="take a power of two of outputs"
        )
    extra, extra_steps = _extra(beats(y.bits, field), steps, folding.simd, groups, unit)
    if tile > groups:
        raise ScheduleError(f"a tile of {tile} pixels is more than the {groups} groups of outputs")
    if tile < folding.simd + extra + _PIPELINE:
        raise ScheduleError(f"a tile of {tile} pixels is too short to fetch {folding.simd + extra} units meanwhile")
    lowest = int(op.weight.min()) == -(1 << (weight_bits - 1))
    fits = weight_bits + y.bits + lowest <= DSP_FACTOR_BITS
    return Plan(
        folding=folding,
        tile=tile,
        steps=steps,
        groups=groups,
        vectors=y.pixels,
        weight_bits=weight_bits,
        field_bits=field,
        sum_bits=y.bits,
        extra=extra,
        extra_steps=extra_steps,
        pair=folding.pair and folding.pe % 2 == 0 and fits,
        in_width=folding.simd * x.plain.bits,
        in_addr=((tile + 1) * steps - 1).bit_length(),
        out_width=folding.pe * out.bits,
        out_addr=((tile + 1) * groups - 1).bit_length(),
    )


def cost(
    op: Conv,
    inputs: Sequence[TensorType],
    outputs: Sequence[TensorType],
    folding: Folding,
    tile: int,
    requant: Requant | None = None,
) -> BlockCost:
    """Cost of the block, without its share of `weight_reader`; with `requant`, that is part of the block.

    `outputs` are the convolution's sums. The interval is exact for frames whose vectors are a multiple of the tile;
    else it is exact on average, and a frame's differs from it by at most one group, `tile * steps` cycles. The latency
    is that of a first frame whose weights come no later than its pixels.
    """
    (x,), (y,) = inputs, outputs
    out = requant.infer(y)[0] if requant else y
    return _cost(plan(op, y, out, x, folding, tile), x, y, out, requant)


def cost_with_port(
    op: Conv, inputs: Sequence[TensorType], outputs: Sequence[TensorType], folding: Folding, requant: Requant
) -> BlockCost:
    """`cost` of a block of `folding.tile` pixels, requantized, with its end of `weight_reader`."""
    (x,), (y,) = inputs, outputs
    (out,) = requant.infer(y)
    p = plan(op, y, out, x, folding, folding.tile)
    alone, port = _cost(p, x, y, out, requant), _stream.reader_port(p.port_words)
    return replace(alone, lut=alone.lut + port.lut, ff=alone.ff + port.ff)


def _cost(p: Plan, x: TensorType, y: TensorType, out: TensorType, requant: Requant | None) -> BlockCost:
    folding, tile = p.folding, p.tile
    inside = BlockCost(0, 0, 0, 0, 0, 0)
    if requant:
        inside = requant_cost.cost(requant, (y,), (out,), Folding(folding.pe, folding.pe))
    slices = folding.simd * folding.pe // (2 if p.pair else 1)
    ramb18 = 0
    memory_luts = 0
    for in_block, addr, width in ((p.in_block, p.in_addr, p.in_width), (p.out_block, p.out_addr, p.out_width)):
        if in_block:
            ramb18 += _memory.block_ramb18(1 << addr, width)
            memory_luts += _memory.block_luts(1 << addr, width)
        else:
            memory_luts += _memory.ram_luts(1 << addr, width)
    lut, ff = _logic(p, x.plain.bits, requantized=requant is not None)
    return BlockCost(
        interval_cycles=p.steps * p.groups * p.vectors,
        latency_cycles=tile * (p.steps * (p.groups + 1) + 1) + folding.simd + inside.latency_cycles + 7,
        lut=lut + memory_luts + inside.lut,
        ff=ff + inside.ff,
        bram36=ramb18 / 2,
        dsp=slices,
        multipliers=folding.pe * folding.simd,
        memory_bytes=ceil(p.region_bytes * p.vectors / tile),
        spread_cycles=p.groups - 1,
        tile=tile,
    )


def bandwidth_mb_s(plan: Plan, interval_cycles: int, clock_mhz: float) -> float:
    """Demand on the memory in 10^6 bytes a second when a frame passes every `interval_cycles`."""
    return plan.region_bytes * plan.vectors / plan.tile * clock_mhz / interval_cycles


def prefetch_beats(plan: Plan, latency_cycles: int, burst: int) -> int:
    """Beats of bus words to buffer so that memory answering within `latency_cycles` never makes the block wait.

    Latency counts from the moment a burst could be asked for to its last beat. While it is under way the block eats
    what is buffered, a weight word every `tile` cycles; the burst needs room of its own.
    """
    return burst + ceil(latency_cycles * plan.bus_share) + 1


def _weight_bits(op: Conv) -> int:
    return bits_for_range(min(int(op.weight.min()), -1), int(op.weight.max()))


def _field_bits(weight_bits: int) -> int:
    """Fields are 1, 2, 4, 8, ... bits wide, so that they fill a bus word."""
    return 1 << (weight_bits - 1).bit_length()


def _extra(needed: int, steps: int, simd: int, groups: int, unit_bits: int) -> tuple[int, int]:
    """(units, words): at least `needed` units behind words of a group, such that all groups fill whole bus words."""
    for total in range(needed, needed + BUS_BITS + 1):
        if groups * (steps * simd + total) * unit_bits % BUS_BITS == 0:
            for extra in range(ceil(total / steps), total + 1):
                if total % extra == 0:
                    return extra, total // extra
    raise AssertionError("a bus word is at most 64 units")


def _logic(p: Plan, x_bits: int, requantized: bool) -> tuple[int, int]:
    """(LUT, FF) besides memories and requantization.

    Each output's sum takes a multiplexer and a shift register, each lane from the fourth on a shift register. Weights
    and biases are held twice, as they are fetched and as they are used; sums that are not requantized, as they leave.
    What control takes is a fit.
    """
    pe, simd = p.folding.pe, p.folding.simd
    sums, weights = pe * p.sum_bits, pe * simd * p.weight_bits
    lut = 150 + 2 * sums + x_bits * max(simd - 3, 0) + 2 * simd
    biases = sums + pe * beats(p.sum_bits, p.field_bits) * p.field_bits
    return lut, 172 + 5 * simd + 2 * weights + biases + (0 if requantized else sums)
