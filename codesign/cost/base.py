"""Foldings and the cost record that every operator's part in this package returns.

The part of operator X is `cost/x.py` with three pure functions:

    foldings(op, inputs, outputs) -> tuple[Folding, ...]   all that the hardware accepts, cheapest first
    lanes(op, inputs, outputs, folding) -> Lanes           channels per beat at each port
    cost(op, inputs, outputs, folding) -> BlockCost        with `inputs`, `outputs` the tensor types
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Folding:
    """Parallelism of a block: `pe` output channels x `simd` input channels (or x taps) a cycle."""

    pe: int = 1
    simd: int = 1


@dataclass(frozen=True)
class Lanes:
    """Channels per beat at each input and output port of a block."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class BlockCost:
    """What one block takes.

    interval_cycles: cycles between the starts of two frames when neither side stalls it.
    latency_cycles: cycles from the first input beat to the first output beat, inputs arriving without a gap.
    multipliers: weight multiplications it can do a cycle. bram36 counts halves (RAMB18).
    """

    interval_cycles: int
    latency_cycles: int
    lut: int
    ff: int
    bram36: float
    dsp: int
    multipliers: int = 0


def beats(channels: int, lanes: int) -> int:
    """Beats that one pixel takes on a stream of `lanes` channels a beat; the last beat may be padded."""
    return -(-channels // lanes)


def divisors(number: int) -> tuple[int, ...]:
    return tuple(d for d in range(1, number + 1) if number % d == 0)
