"""Energy of a frame, from what every block does and the target's coefficients.

    arithmetic   every look-up table of a block, each cycle in which the block works, and every multiplication and its
                 addition in a DSP slice, by their widths
    memory       every block RAM, each cycle in which its block works
    ddr          every byte of the image, the outputs and streamed weights
    clock        every flip-flop, each cycle of the frame, whether its block works or not
    processor    what feeding frames takes beside the fabric, measured
    static       what else a waiting board takes: its measured power less the clock's

`energy_incremental` is what work adds to a waiting board: all but clock and static. Every coefficient is a range, and
the same one for all blocks: low ends add up with low ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from codesign.cost.base import BlockCost
from codesign.graph import Graph, Node, TensorType
from codesign.reporting.efficiency import weight_bits
from codesign.reporting.summary import Energy, FabricEnergy, FrameEnergy
from codesign.schedule import Schedule
from codesign.targets import Coefficient, Target
from codesign.targets import Energy as Coefficients

PJ = 1e-6
"""Microjoules."""


def of_block(graph: Graph, node: Node, cost: BlockCost, interval_cycles: int, pj: Coefficients) -> FabricEnergy:
    """Of one block, for one frame of `interval_cycles`."""
    switching = _times(pj.lut_pj, cost.lut * cost.interval_cycles)
    multiplying = _multiplications(graph, node, pj) if cost.dsp else Energy()
    return FabricEnergy(
        arithmetic=switching + multiplying,
        memory=_times(pj.bram36_pj, cost.bram36 * cost.interval_cycles),
        ddr=_times(pj.ddr_pj_byte, cost.memory_bytes),
        clock=_times(pj.clock_pj, cost.ff * interval_cycles),
    )


def of_streams(graph: Graph, schedule: Schedule, pj: Coefficients) -> FabricEnergy:
    """Of what lies between the blocks, and of the frame's way from and to external memory."""
    held, interval = schedule.streams, schedule.interval_cycles
    ends = (*graph.inputs.values(), *(graph.types[name] for name in graph.outputs))
    return FabricEnergy(
        arithmetic=_times(pj.lut_pj, held.lut * interval),
        memory=_times(pj.bram36_pj, held.bram36 * interval),
        ddr=_times(pj.ddr_pj_byte, held.memory_bytes + sum(map(frame_bytes, ends))),
        clock=_times(pj.clock_pj, held.ff * interval),
    )


def of_frame(parts: Iterable[FabricEnergy], target: Target, interval_s: float) -> FrameEnergy:
    """Of a whole frame; `parts` are those of the fabric."""
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


def frame_bytes(kind: TensorType) -> int:
    """Of a tensor in external memory, its values packed."""
    return ceil(kind.channels * kind.pixels * kind.bits / 8)


def _multiplications(graph: Graph, node: Node, pj: Coefficients) -> Energy:
    """Of a block's multiplications, by the widths of its input, its weights and its sums."""
    inputs, (out, *_) = graph.input_types(node), graph.output_types(node)
    macs = node.op.macs(*inputs)
    if not macs:
        return Energy()
    product_bits = inputs[0].bits * max(weight_bits(node.op), 1)
    return _times(pj.multiply_pj, macs * product_bits / 64) + _times(pj.accumulate_pj, macs * out.bits / 32)


def _times(coefficient: Coefficient, count: float) -> Energy:
    return Energy(low_uj=coefficient.low * count * PJ, high_uj=coefficient.high * count * PJ)
