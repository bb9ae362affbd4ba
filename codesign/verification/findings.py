"""What the ports of simulated hardware did: the protocol, the rate and the latency."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.emit.rtl.protocol import Violation


@dataclass(frozen=True)
class Interval:
    """Cycles from frame to frame without pauses at the ports, on the average of `frames` of them.

    scheduled: what was promised; most: at which the promise is still kept.
    """

    measured: float
    scheduled: int
    most: float
    frames: int

    @property
    def kept(self) -> bool:
        return self.measured <= self.most


@dataclass(frozen=True)
class Findings:
    """Rules broken, of AXI4-Stream, AXI4-Lite and the design's own; `frames` were played in all.

    interval, latency_cycles: without pauses, the latter of the first frame; None where nothing was promised, or where
    the simulation ended early.
    """

    violations: tuple[Violation, ...]
    frames: int
    interval: Interval | None = None
    latency_cycles: int | None = None

    @property
    def good(self) -> bool:
        return not self.violations and (self.interval is None or self.interval.kept)

    def __str__(self) -> str:
        told = [str(violation) for violation in self.violations]
        if self.interval is not None and not self.interval.kept:
            told.append(f"a frame takes {self.interval.measured:,.1f} cycles, scheduled {self.interval.scheduled:,}")
        return "; ".join(told)
