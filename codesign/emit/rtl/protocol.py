"""What a design must keep to at its ports, and what the harness of a simulation tells when it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codesign.emit.rtl import registers
from codesign.emit.rtl.project import RtlProject, Stream

RULES = (
    "TVALID fell before the beat was taken",
    "data changed while a beat waited to be taken",
    "TLAST changed while a beat waited to be taken",
    "valid in reset",
    "an answer that was not asked for",
    "an answer that is not OKAY, or not SLVERR where it must be",
    "TVALID waits for TREADY",
    "no TLAST at the end of a frame",
    "TLAST within a frame",
    "an input took a beat before the start",
    "beats after the last frame",
    "an access that is not answered",
    "a register does not hold what was written",
)
"""By the harness's number, which is that in `harness/stream_rules.sv`, `register_master.sv` and `network.cpp`."""

CHANNELS = {-1: "s_axil, answers to writes", -2: "s_axil, answers to reads", -3: "m_axi_weights, requests"}
"""Channels of the ports that carry no tensor, by the harness's number."""

WEIGHTS_BASE = 0x3000_0000
"""Where the weights lie in the simulated memory."""

IDLE = 4
"""What STATUS reads when nothing runs."""

AFTER_RESET = {
    "ID": registers.ID,
    "MAP_VERSION": registers.MAP_VERSION,
    "CONTROL": 0,
    "STATUS": IDLE,
    "ERRORS": 0,
    "FRAMES_IN": 0,
    "FRAMES_OUT": 0,
    "INTERVAL_CYCLES": 0,
    "LATENCY_CYCLES": 0,
    "CYCLES_HIGH": 0,
    "WEIGHTS_BASE_LOW": 0,
    "WEIGHTS_BASE_HIGH": 0,
}
"""What registers hold before anything is written."""


@dataclass(frozen=True)
class Violation:
    """A rule that a stream or a port has broken, where it did so first, and how often in all.

    cycle: since the simulation began. frame: the number of frames that had passed on the stream.
    """

    stream: str
    rule: str
    cycle: int
    frame: int
    times: int = 1

    def __str__(self) -> str:
        often = f", {self.times:,} times" if self.times > 1 else ""
        return f"{self.stream}: {self.rule}, in cycle {self.cycle:,}, frame {self.frame}{often}"


def names(project: RtlProject) -> dict[int, str]:
    """The names of streams and channels, by the harness's number."""
    return {stream.id: stream.wire for stream in (*project.inputs, *project.outputs, *project.tensors)} | CHANNELS


def told(rows: Iterable[Sequence[int]], project: RtlProject, made: Iterable[Stream] = ()) -> Iterator[Violation]:
    """The violations of a run, from the harness's rows of rule, stream, cycle, frame and times.

    made: the streams of what blocks make, where those are cut from what their readers are given.
    """
    by_number = names(project) | {stream.id: stream.wire for stream in made}
    for rule, stream, cycle, frame, times in rows:
        yield Violation(by_number[stream], RULES[rule], cycle, frame, times)


def accesses(project: RtlProject, *, checked: bool) -> list[str]:
    """Lines of a RUN file: what is read and written at the registers before the start, and read at the end.

    checked: all registers are read; what must be refused is tried; and between two resets the design is stopped amid a
    frame, and started again when it is idle.
    """
    at = registers.offset
    base = [f"write {at('WEIGHTS_BASE_LOW')} {WEIGHTS_BASE}"] if project.weights else []
    start = f"start {at('CONTROL')} 1"
    if not checked:
        return [*base, start]
    unknown = max(register.offset for register in registers.REGISTERS) + 4
    high, everything = at("WEIGHTS_BASE_HIGH"), 0xFFFF_FFFF
    refused = [f"unknown {unknown}", f"refused {unknown} {everything}", f"refused {at('ID')} {everything}"]
    masked = [f"masked {high} {everything} 2", f"holds {high} {0xFF00}", f"write {high} 0"]
    stop = [f"write {at('CONTROL')} 0", f"holds {at('CONTROL')} 0", f"await {at('STATUS')} {IDLE}"]
    again = [f"refused {at('WEIGHTS_BASE_LOW')} 0", *stop, f"write {at('CONTROL')} 1"]
    return [*(f"read {register.offset}" for register in registers.REGISTERS), *refused, *masked, *base, start, *again]


def misread(
    rows: Iterable[Sequence[int]],
    project: RtlProject,
    begins: Sequence[int],
    ends: Sequence[int],
    lives: Sequence[int],
) -> Iterator[Violation]:
    """Registers that held something else than they had to, from the harness's rows of life, when, address and value.

    begins, ends: the cycles in which each frame came and left. lives: the number of the first frame after each reset.
    """
    by_offset = {register.offset: register.name for register in registers.REGISTERS}
    hashed = {f"MODEL_HASH_{i}": int(project.digest[8 * i : 8 * i + 8], 16) for i in range(4)}
    for life, at_end, address, value in rows:
        expected = hashed | dict(_at_end(project, begins[lives[-1] :], ends[lives[-1] :]) if at_end else AFTER_RESET)
        name = by_offset[address]
        if value == expected.get(name, value):
            continue
        when = "at the end" if at_end else f"after reset {life}"
        yield Violation("s_axil", f"{name} reads {value:#x} {when}, not {expected[name]:#x}", 0, lives[life])


def _at_end(project: RtlProject, begins: Sequence[int], ends: Sequence[int]) -> Mapping[str, int]:
    """What the registers hold when the frames that came and left in those cycles were all since reset."""
    base = WEIGHTS_BASE if project.weights else 0
    expected = {"ID": registers.ID, "MAP_VERSION": registers.MAP_VERSION, "CONTROL": 1, "STATUS": 1, "ERRORS": 0}
    expected |= {"FRAMES_IN": len(ends), "FRAMES_OUT": len(ends)}
    expected |= {"WEIGHTS_BASE_LOW": base, "WEIGHTS_BASE_HIGH": 0}
    expected["INTERVAL_CYCLES"] = ends[-1] - ends[-2] if len(ends) > 1 else 0
    return expected | {"LATENCY_CYCLES": _measured_latency(begins, ends)}


def _measured_latency(begins: Sequence[int], ends: Sequence[int]) -> int:
    """The latency of the last frame that is measured: those are, that begin when none is measured."""
    measured = 0
    for frame, begin in enumerate(begins):
        if begin >= ends[measured]:
            measured = frame
    return ends[measured] - begins[measured]
