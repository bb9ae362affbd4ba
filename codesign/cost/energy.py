"""Energy of a frame, from what every block does and the target's coefficients.

    arithmetic   every look-up table of a block, each cycle in which the block works, and every multiplication and its
                 addition in a DSP slice, by their widths
    memory       every block RAM, each cycle in which its block works
    ddr          every byte of the image, the outputs and streamed weights; of a design that sends peaks only, as many
                 records of them as the recipe keeps boxes of a frame
    clock        every flip-flop, each cycle of the frame, whether its block works or not
    processor    what feeding frames takes beside the fabric, measured
    static       what else a waiting board takes: its measured power less the clock's

Without `activity` a block is taken to work at assumed rates: every look-up table changes ASSUMED_CHANGES times and
every block RAM is accessed ASSUMED_ACCESSES times in each cycle in which the block works, and multiplications have
random operands. With it the changes and accesses are those of a simulated frame, also of cycles in which the block
waits:

    arithmetic   look-up tables by the changes of a bit, averaged over all signals of the block; multiplications by the
                 changes of their operands' bits
    memory       block RAMs by the reads and writes that they were enabled for

The coefficients, and so the ranges, stay; clock, ddr, processor and static have no rate in them and stay too.

`energy_incremental` is what work adds to a waiting board: all but clock and static. Every coefficient is a range, and
the same one for all blocks: low ends add up with low ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from codesign.board.records import BYTES as RECORD_BYTES
from codesign.cost.block import BlockCost, Resources
from codesign.graph import Graph, Node, TensorType
from codesign.graph.op import weight_bits
from codesign.record import Record
from codesign.targets import Coefficient, Target
from codesign.targets import Energy as Coefficients

PJ = 1e-6
"""Microjoules."""

ASSUMED_CHANGES = 0.5
"""Changes of a bit in a cycle: random data, as in the additions that `lut_pj` and `multiply_pj` were published for."""

ASSUMED_ACCESSES = 1.0
"""Accesses of a block RAM in a cycle: between half a read, and a read and half a write, the ends of `bram36_pj`."""


class Energy(Record):
    """A range: the coefficients behind it are known to one digit at best."""

    low_uj: float = 0
    high_uj: float = 0

    def __add__(self, other: Energy) -> Energy:
        """Low ends with low ends: what is added shares its coefficients, so that errors do not cancel."""
        return Energy(low_uj=self.low_uj + other.low_uj, high_uj=self.high_uj + other.high_uj)

    @property
    def middle_uj(self) -> float:
        return (self.low_uj + self.high_uj) / 2


class FabricEnergy(Record):
    """Energy of a part of the fabric, for one frame; see `codesign.cost.energy`."""

    arithmetic: Energy = Energy()
    memory: Energy = Energy()
    ddr: Energy = Energy()
    clock: Energy = Energy()

    def __add__(self, other: FabricEnergy) -> FabricEnergy:
        return FabricEnergy(**{name: getattr(self, name) + getattr(other, name) for name in FabricEnergy.model_fields})

    @property
    def work(self) -> Energy:
        """All but the clock, which a waiting fabric takes as well."""
        return self.arithmetic + self.memory + self.ddr


class FrameEnergy(FabricEnergy):
    """Energy of the whole fabric, and of the board around it; None where nobody has measured it."""

    processor: Energy | None = None
    static: Energy | None = None


class Activity(Record):
    """What a part of the hardware did in a simulated frame, on average.

    bit_changes: of a signal's bit; operand_changes: of a bit of what is multiplied; memory_accesses: reads and writes
    of a block RAM. None where the simulation shows no such signal, and the assumption stays.
    """

    bit_changes: float
    operand_changes: float | None = None
    memory_accesses: float | None = None


def of_block(
    graph: Graph,
    node: Node,
    cost: BlockCost,
    interval_cycles: int,
    pj: Coefficients,
    activity: Activity | None = None,
) -> FabricEnergy:
    """Energy of one block, for one frame of `interval_cycles`; by its simulated `activity` if that is given."""
    work = _Work.of(cost.interval_cycles, activity)
    multiplying = Energy()
    if cost.dsp:
        macs = node.op.multiplications(*graph.input_types(node))
        counted = activity is not None and activity.operand_changes is not None
        multiplying = _multiplications(graph, node, cost.multipliers * work.operands if counted else macs, pj)
    return FabricEnergy(
        arithmetic=_times(pj.lut_pj, cost.lut * work.logic) + multiplying,
        memory=_times(pj.bram36_pj, cost.bram36 * work.memory),
        ddr=_times(pj.ddr_pj_byte, cost.memory_bytes),
        clock=_times(pj.clock_pj, cost.ff * interval_cycles),
    )


def of_streams(
    graph: Graph,
    held: Resources,
    interval_cycles: int,
    pj: Coefficients,
    activity: Activity | None = None,
    *,
    peaks: int | None = None,
) -> FabricEnergy:
    """The energy of what lies between the blocks, and of the frame's way from and to external memory.

    held: what the streams take. peaks: as in `ends_bytes`.
    """
    work = _Work.of(interval_cycles, activity)
    return FabricEnergy(
        arithmetic=_times(pj.lut_pj, held.lut * work.logic),
        memory=_times(pj.bram36_pj, held.bram36 * work.memory),
        ddr=_times(pj.ddr_pj_byte, held.memory_bytes + ends_bytes(graph, peaks)),
        clock=_times(pj.clock_pj, held.ff * interval_cycles),
    )


def of_frame(parts: Iterable[FabricEnergy], target: Target, interval_s: float) -> FrameEnergy:
    """Energy of a whole frame; `parts` are those of the fabric."""
    fabric = sum(parts, FabricEnergy())
    power = target.power
    processor = static = None
    if power:
        processor = Energy(
            low_uj=power.processor_w.low * interval_s * 1e6, high_uj=power.processor_w.high * interval_s * 1e6
        )
        waiting = power.board_w * interval_s * 1e6
        static = Energy(low_uj=waiting - fabric.clock.high_uj, high_uj=waiting - fabric.clock.low_uj)
    return FrameEnergy(**dict(fabric), processor=processor, static=static)


def incremental(frame: FrameEnergy) -> Energy:
    """What work adds to a waiting board; without the processor's part where that is not known."""
    return frame.work + (frame.processor or Energy())


def whole_board(frame: FrameEnergy) -> Energy | None:
    """What the board takes during a frame; None where it was never measured."""
    if frame.static is None:
        return None
    waiting = frame.static.low_uj + frame.clock.high_uj  # a measured figure: the clock is part of it
    return incremental(frame) + Energy(low_uj=waiting, high_uj=waiting)


def ends_bytes(graph: Graph, peaks: int | None = None) -> int:
    """Bytes of a frame in external memory: inputs and outputs, or records of so many `peaks` in place of these."""
    inputs = sum(map(frame_bytes, graph.inputs.values()))
    if peaks is not None:
        return inputs + RECORD_BYTES * (peaks + 1)  # one more says where the frame ends
    return inputs + sum(frame_bytes(graph.types[name]) for name in graph.outputs)


def frame_bytes(kind: TensorType) -> int:
    """Bytes of a tensor in external memory, its values packed."""
    return ceil(kind.channels * kind.pixels * kind.bits / 8)


@dataclass(frozen=True)
class _Work:
    """Cycles a frame of work at the assumed rates, of look-up tables, multipliers and block RAMs."""

    logic: float
    operands: float
    memory: float

    @classmethod
    def of(cls, cycles: int, activity: Activity | None) -> _Work:
        """As many as there are, or as many as would do what was simulated."""
        if activity is None:
            return cls(cycles, cycles, cycles)
        operands, accesses = activity.operand_changes, activity.memory_accesses
        return cls(
            activity.bit_changes / ASSUMED_CHANGES,
            cycles if operands is None else operands / ASSUMED_CHANGES,
            cycles if accesses is None else accesses / ASSUMED_ACCESSES,
        )


def _multiplications(graph: Graph, node: Node, macs: float, pj: Coefficients) -> Energy:
    """Energy of so many multiplications of a block, by the widths of its input, its weights and its sums."""
    inputs = graph.input_types(node)
    if not node.op.multiplications(*inputs):
        return Energy()
    product_bits, sum_bits = inputs[0].bits * max(weight_bits(node.op), 1), node.op.sums(*inputs).bits
    return _times(pj.multiply_pj, macs * product_bits / 64) + _times(pj.accumulate_pj, macs * sum_bits / 32)


def _times(coefficient: Coefficient, count: float) -> Energy:
    return Energy(low_uj=coefficient.low * count * PJ, high_uj=coefficient.high * count * PJ)
