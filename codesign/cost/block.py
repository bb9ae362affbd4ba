"""The records of what one block takes and how long it takes, and of what several take together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class BlockCost:
    """What one block takes.

    interval_cycles: cycles between the starts of two frames when neither side stalls it.
    work_cycles: those of them in which a block with a window works, not waits. missing_pixels: those a frame for which
    its ring has no room while it works on the row before; paced_cycles: cycles between frames if these come no faster
    than they must; see `Window.paced`.
    latency_cycles: cycles from the first input beat to the first output beat, inputs arriving without a gap.
    spread_cycles: from the first beat of an output pixel to its last; 0 where they leave at an even pace.
    burst: channels of an output pixel that leave at once, with a pause between bursts; 0 if there is but one.
    ring_pixels: that its ring holds, if it has one; behind_cycles: from the last read of a window out of it to the last
    output beat, if the block is never idle. tile: pixels in flight in a block that has its weights from memory.
    multipliers: weight multiplications it can do a cycle. bram36 counts halves (RAMB18). memory_bytes: what it reads
    from external memory a frame.
    """

    interval_cycles: int
    latency_cycles: int
    lut: int
    ff: int
    bram36: float
    dsp: int
    multipliers: int = 0
    memory_bytes: int = 0
    work_cycles: int = 0
    missing_pixels: int = 0
    paced_cycles: int = 0
    spread_cycles: int = 0
    ring_pixels: int = 0
    tile: int = 0
    behind_cycles: int = 0
    burst: int = 0

    @property
    def sustained_cycles(self) -> int:
        """Cycles between frames that the block keeps up in a network, however slow its writer may be for that."""
        return max(self.interval_cycles, self.paced_cycles)


@dataclass(frozen=True)
class Resources:
    """Sums of what blocks take, or what may be taken; bram36 counts halves, memory_bytes are read a frame."""

    lut: int = 0
    ff: int = 0
    bram36: float = 0
    dsp: int = 0
    memory_bytes: int = 0

    def __add__(self, other: Resources | BlockCost) -> Resources:
        return Resources(
            self.lut + other.lut,
            self.ff + other.ff,
            self.bram36 + other.bram36,
            self.dsp + other.dsp,
            self.memory_bytes + other.memory_bytes,
        )

    def __sub__(self, other: Resources) -> Resources:
        return Resources(
            self.lut - other.lut,
            self.ff - other.ff,
            self.bram36 - other.bram36,
            self.dsp - other.dsp,
            self.memory_bytes - other.memory_bytes,
        )

    @classmethod
    def total(cls, parts: Iterable[Resources | BlockCost]) -> Resources:
        """The sum of `parts`."""
        result = cls()
        for part in parts:
            result += part
        return result

    def exceeds(self, budget: Resources) -> tuple[str, ...]:
        """What overflows `budget`, such as "BRAM36 152 of 140"."""
        return tuple(
            f"{name.replace('_', ' ').upper()} {value:g} of {limit:g}"
            for name, value, limit in zip(asdict(self), asdict(self).values(), asdict(budget).values(), strict=True)
            if value > limit
        )
