"""The unit of `conv_tile.sv`: a convolution whose weights come from memory, one pass for each tile of pixels.

The unit works on `tile` vectors at a time: pixels of a pointwise convolution, windows of others. All of them use a
weight word before the next one does its work, so that the weights are read once for every `tile` vectors. Every second
it reads

    region_bytes * (vectors / tile) * frames per second

bytes from the memory. The operator `conv_tile` puts the requantization of the sums into the same block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from codesign.errors import ScheduleError
from codesign.graph.ops.conv import Conv
from codesign.graph.types import TensorType, bits_for_range
from codesign.hardware.folding import Folding, Lanes, beats
from codesign.hardware.memory import ram_in_block
from codesign.hardware.mvu import DSP_FACTOR_BITS
from codesign.targets import BUS_BITS

_ANSWER_CYCLES = 16
"""From a bus word's leaving a block's end of the reader until the next one comes, while others are served as well."""

_PIPELINE = 4
"""Cycles of a word in which the next one cannot be fetched yet, beyond one for each unit."""


@dataclass(frozen=True)
class Plan:
    """Everything about the block that follows from the operator, the folding and the tile.

    Weights come in units. A unit belongs to one input lane and has a field of `field_bits` for each of the `folding.pe`
    outputs that are computed at once. `folding.simd` units make a weight word, which is what the multipliers use in one
    go. The `folding.pe` outputs are a group: it takes `steps` words to go over all inputs. There are `groups` of them.

    The bias of a group comes with the weights, `extra` units behind each of `extra_steps` words. The last of these
    words is the first one of the group itself, the others are the last ones of the group before.

    vectors: of a frame. weight_bits, sum_bits: of one weight and one sum. pair: two outputs share a DSP slice.
    in_width, out_width: bits of a beat in the memories of pixels at input and output, which hold `2 ** in_addr` and
    `2 ** out_addr` beats.
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
        """Bus words that the block's end of the reader holds: a power of two, and enough that no weight word waits.

        The units of a weight word and of a bias behind it are taken without a pause. The first of them may be the last
        one in its bus word, so one unit and a number of whole bus words must be there. Besides, there must be room for
        the words that are on their way from the memory meanwhile.
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
        return chosen == "block" if chosen else ram_in_block(1 << addr, width)


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
    lowest = _weight_range(op)[0] == -(1 << (weight_bits - 1))
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


@lru_cache(maxsize=256)
def _weight_range(op: Conv) -> tuple[int, int]:
    return int(op.weight.min()), int(op.weight.max())


def _weight_bits(op: Conv) -> int:
    lo, hi = _weight_range(op)
    return bits_for_range(min(lo, -1), hi)


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
