"""Drives every block of a design by itself, all at once: the very instances of its top, between streams cut apart."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codesign.emit.rtl.cut import made_id, uncuttable
from codesign.emit.rtl.harness_report import Report, run_harness, why_stopped
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.protocol import Violation, told
from codesign.emit.rtl.run_file import Conduct, play_line, record_line, values_file, write_run
from codesign.emit.rtl.simulate import build, sent
from codesign.emit.rtl.traffic import Phase, Stall, Traffic
from codesign.errors import ToolError
from codesign.graph import IntArray
from codesign.graph.heads import Heads

SHORT, LONG = Stall(0.25), Stall(0.015, 96)
"""Pauses of sources and readers, and such of readers that a block stands still whatever it can hold."""

STALLED_OF = 4
"""The first of so many frames has short pauses, the second has long ones; the last frame of all has short ones too."""


@dataclass(frozen=True, eq=False)
class Driven:
    """What blocks made of what they were given.

    made: by tensor, as many whole frames (n, C, H, W) int32 as were to come, or fewer if the block stopped before.
    left: by output of the design, what passed its port, or what the records there say (`simulate.sent`). cycles: in
    all; seconds: of the compilation, as in `build`. violations: of the protocol, of what blocks make and of the
    design's ports, and the assertion that has stopped all.
    """

    made: Mapping[str, IntArray]
    left: Mapping[str, IntArray]
    cycles: int
    build_seconds: float
    violations: tuple[Violation, ...]


def drive_blocks(
    rtl_dir: Path,
    given: Mapping[str, IntArray],
    expected: Mapping[str, int],
    *,
    heads: Heads | None = None,
    seed: int = 0,
    plusargs: Sequence[str] = (),
) -> Driven:
    """Gives the readers of each tensor the frames `given` (n, C, H, W), each block at its own pace.

    given: for all tensors that are streams. expected: how many frames each of them is to be made of, by tensor. In
    part of the frames sources and readers pause. heads: of a design that sends peaks only, whose records
    are not looked at without. plusargs: as in `run_harness`. Raises ToolError for a missing or failing compiler, and if
    the top's streams are not where we put them.
    """
    project = RtlProject.load(rtl_dir)
    lost = uncuttable(project.sources[-1].read_text(), project.tensors)
    if lost:
        raise ToolError(
            f"tensor '{lost[0]}' leaves no block of this top", where=str(project.sources[-1]), remedy="export again"
        )
    binary, build_seconds = build(project)
    made = {s.tensor: replace(s, id=made_id(project.tensors, s)) for s in project.tensors}
    left = {} if project.sparse else {s.tensor: s for s in project.outputs}
    with tempfile.TemporaryDirectory(prefix="codesign_blocks_") as scratch:
        folder = Path(scratch)
        counts = {s.id: expected[s.tensor] for s in made.values()} | {s.id: len(given[s.tensor]) for s in left.values()}
        lines = _lines(project, given, made, counts, folder, heads=heads)
        counts |= {project.outputs[0].id: len(given[heads.heat])} if heads else {}
        sources = {s.id: len(given[s.tensor]) for s in (*project.inputs, *project.tensors)}
        run = write_run(
            folder,
            project,
            _traffic(sources, counts, project.interval_cycles),
            lines,
            Conduct(seed, random=not project.netlist, cut=True),
        )
        report = run_harness(binary, run, project, plusargs=plusargs)
        frames = {tensor: _whole_frames(folder, stream) for tensor, stream in made.items()}
        outside = {tensor: _whole_frames(folder, stream) for tensor, stream in left.items()}
        violations = _violations(report, project, made)
        if project.sparse and heads:
            outside, wrong = recorded(folder, project, heads, given)
            violations += wrong
    return Driven(frames, outside, report.cycles, build_seconds, tuple(violations))


def _lines(
    project: RtlProject,
    given: Mapping[str, IntArray],
    made: Mapping[str, Stream],
    counts: Mapping[int, int],
    folder: Path,
    *,
    heads: Heads | None,
) -> list[str]:
    """Lines of the run for all streams. counts: of frames to be recorded, by number of the stream."""
    played = [(s, given[s.tensor]) for s in (*project.inputs, *project.tensors)]
    lines = [play_line(folder, stream, images, len(images)) for stream, images in played]
    lines += [record_line(stream, "inner", counts[stream.id]) for stream in made.values()]
    if project.sparse:
        frames = len(given[heads.heat]) if heads else 0
        return [*lines, record_line(project.outputs[0], "records", frames, kept=heads is not None)]
    return [*lines, *(record_line(stream, "output", counts[stream.id]) for stream in project.outputs)]


def _traffic(sources: Mapping[int, int], readers: Mapping[int, int], interval: int) -> Traffic:
    """A phase for each frame, behind a reset amid what blocks are doing in the first `interval`.

    sources, readers: of frames, by number of the stream.
    """
    counts = {**sources, **readers}
    phases = [Phase(0, dict.fromkeys(counts, SHORT), memory=SHORT.probability, reset=interval * 2 // 3 + 17)]
    for frame in range(max(counts.values())):
        stalls = {stream: LONG for stream, frames in readers.items() if frame < frames and frame % STALLED_OF == 1}
        for stream, frames in counts.items():
            if (frame < frames and frame % STALLED_OF == 0) or frame == frames - 1:
                stalls[stream] = SHORT
        phases.append(Phase(1, stalls, memory=SHORT.probability))
    return tuple(phases)


def _violations(report: Report, project: RtlProject, made: Mapping[str, Stream]) -> list[Violation]:
    found = list(told(report.violations, project, made.values()))
    if report.stop == "stopped":
        found.append(Violation("the design", why_stopped(report, project), report.cycles, 0))
    return found


def recorded(
    folder: Path, project: RtlProject, heads: Heads, given: Mapping[str, IntArray]
) -> tuple[dict[str, IntArray], list[Violation]]:
    """What the records say of the frames `given`; and why it is nothing, if they are no records."""
    (stream,) = project.outputs
    count = len(given[heads.heat])
    try:
        return sent(values_file(folder, stream), heads, given, 0, count), []
    except ToolError as error:
        return {}, [Violation(stream.wire, error.what, 0, 0)]


def _whole_frames(folder: Path, stream: Stream) -> IntArray:
    """Those recorded, (n, C, H, W)."""
    channels, height, width = stream.shape
    size = channels * height * width
    flat = np.fromfile(values_file(folder, stream), dtype="<i4")
    frames = flat[: flat.size // size * size].reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    return (stream.base + stream.step * frames).astype(np.int32)
