"""Writes the file that tells a compiled simulation what to do: its lines are described in `harness/network.cpp`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.protocol import accesses
from codesign.emit.rtl.traffic import Traffic, longest_pause
from codesign.emit.rtl.traffic import lines as traffic_lines
from codesign.graph import IntArray

MEMORY_LATENCY = (30, 30)
"""Least cycles between a read burst's address and its first beat, and how many more there may be."""

QUIET_CYCLES = 20_000
"""Cycles without a beat anywhere, beyond a frame interval and a block's latency, after which a network has stopped."""


@dataclass(frozen=True)
class Conduct:
    """How a simulation is run, whatever passes in it.

    random: what no reset sets begins at random, not at 0. read: registers, after each reset and at the end. settle:
    cycles after the last frame in which nothing more may come. waves: file to write. cut: the design's streams are.
    """

    seed: int = 0
    random: bool = False
    read: bool = False
    settle: int = 0
    waves: Path | None = None
    cut: bool = False


def write_run(folder: Path, project: RtlProject, traffic: Traffic, streams: Iterable[str], conduct: Conduct) -> Path:
    """Writes `run.txt` into `folder`, and makes the folder `project` in which the harness runs.

    streams: lines of `play_line` and `record_line`.
    """
    _place_project(folder, project)
    quiet = QUIET_CYCLES + max(project.interval_cycles, project.slowest_cycles) + longest_pause(traffic)
    marked = int(not project.foreign)
    lines = [f"run {conduct.seed} {quiet} {2 * conduct.random} {marked} {conduct.settle}"]
    lines.append(f"memory {MEMORY_LATENCY[0]} {MEMORY_LATENCY[1]}")
    if conduct.waves is not None:
        (folder / "waves").symlink_to(conduct.waves.resolve())
        lines.append("waves ../waves")
    if conduct.cut:
        lines.append("cut")
    phases, pauses = traffic_lines(traffic)
    run = folder / "run.txt"
    run.write_text("\n".join([*lines, *phases, *accesses(project, checked=conduct.read), *streams, *pauses]) + "\n")
    return run


def _place_project(folder: Path, project: RtlProject) -> None:
    """The harness runs in `folder/project`, so that no path, which may have blanks, is told to it."""
    inside = folder / "project"
    inside.mkdir()
    for entry in project.folder.resolve().iterdir():
        (inside / entry.name).symlink_to(entry)


def record_line(stream: Stream, role: str, frames: int, *, kept: bool = True) -> str:
    """A stream of which `frames` are to pass, recorded in the folder of the run if it is kept.

    role: `output`, `records` or `inner`.
    """
    return _line(stream, role, frames, 0, _file(stream) if kept else "-")


def play_line(folder: Path, stream: Stream, images: IntArray, frames: int) -> str:
    """A stream into which `frames` are played: `images` (N, C, H, W), written into `folder`, over and over."""
    carried = (images - stream.base) // stream.step
    values_file(folder, stream).write_bytes(carried.transpose(0, 2, 3, 1).astype("<i4").tobytes())
    return _line(stream, "input", frames, len(images), _file(stream))


def values_file(folder: Path, stream: Stream) -> Path:
    """The file of what is played into a stream, or recorded of it: int32 in the order frame, pixel, channel."""
    return folder / f"{stream.id}.i32"


def _file(stream: Stream) -> str:
    """As it is called in the folder where the harness runs."""
    return f"../{stream.id}.i32"


def _line(stream: Stream, role: str, frames: int, images: int, file: str) -> str:
    channels, height, width = stream.shape
    fields = (stream.id, role, stream.lanes, stream.bits, int(stream.signed), channels, height * width)
    return f"stream {' '.join(map(str, (*fields, frames, images, file)))} {stream.tensor}"
