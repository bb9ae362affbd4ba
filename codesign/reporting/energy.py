"""Energy of a frame, from power that was measured on the target's board.

A working fabric adds `incremental_w` to a board that takes `board_w` whatever it does. Both are measured on other
designs (see the target's source), so the incremental part is a range. It is spread over the blocks by what switches
there: LUTs booked, times the part of the interval in which the block is busy. That spread is an assumption, the total
is not touched by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from codesign.cost.base import BlockCost
from codesign.reporting.summary import Energy
from codesign.targets import Power


def incremental(power: Power, interval_s: float) -> Energy:
    """What one frame adds, all blocks together."""
    low, high = power.incremental_w
    return Energy(low_uj=low * interval_s * 1e6, high_uj=high * interval_s * 1e6)


def whole_board(power: Power, interval_s: float) -> Energy:
    """What the board takes during one frame, processor and memory included."""
    added = incremental(power, interval_s)
    waiting = power.board_w * interval_s * 1e6
    return Energy(low_uj=waiting + added.low_uj, high_uj=waiting + added.high_uj)


def shares(blocks: Mapping[str, BlockCost]) -> dict[str, float]:
    """Part of the incremental energy of each block; they add up to 1."""
    switching = {name: cost.lut * cost.interval_cycles for name, cost in blocks.items()}
    total = sum(switching.values()) or 1
    return {name: part / total for name, part in switching.items()}


def scaled(energy: Energy, factor: float) -> Energy:
    return Energy(low_uj=energy.low_uj * factor, high_uj=energy.high_uj * factor)
