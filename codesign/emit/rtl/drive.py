"""Drives every block of a design by itself, all at once: the very instances of its top, between streams cut apart."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codesign.emit.rtl.cut import made_id, uncuttable
from codesign.emit.rtl.project import RtlProject, Stream
from codesign.emit.rtl.simulate import build, run_harness, run_lines, stream_line, write_frames
from codesign.errors import ToolError
from codesign.graph import IntArray

STALL = 0.25
"""Probability of a pause in those frames that have any, of each source and each reader in any cycle."""


@dataclass(frozen=True, eq=False)
class Driven:
    """What blocks made of what they were given.

    made: by tensor, as many whole frames (n, C, H, W) int32 as were to come, or fewer if the block stopped before.
    left: by output of the design, what passed its port; cycles: in all; seconds: of the compilation, as in `build`.
    """

    made: Mapping[str, IntArray]
    left: Mapping[str, IntArray]
    cycles: int
    build_seconds: float


def drive_blocks(
    rtl_dir: Path, given: Mapping[str, IntArray], expected: Mapping[str, int], *, cache: Path, seed: int = 0
) -> Driven:
    """Gives the readers of each tensor the frames `given` (n, C, H, W), each block at its own pace.

    given: for all tensors that are streams. expected: how many frames each of them is to be made of, by tensor. In
    part of the frames sources pause and readers are not ready. Raises ToolError as `simulate`, and if the top's streams
    are not where we put them.
    """
    project = RtlProject.load(rtl_dir)
    lost = uncuttable(project.sources[-1].read_text(), project.tensors)
    if lost:
        raise ToolError(
            f"tensor '{lost[0]}' leaves no block of this top", where=str(project.sources[-1]), remedy="export again"
        )
    binary, build_seconds = build(project, cache)
    with tempfile.TemporaryDirectory(prefix="codesign_blocks_") as scratch:
        folder = Path(scratch)
        lines, made, left = _lines(project, given, expected, folder)
        run = folder / "run.txt"
        run.write_text("\n".join([*run_lines(project, STALL, seed), "cut", *lines]) + "\n")
        report = run_harness(binary, run, project, None)
        frames = {tensor: _whole_frames(folder, stream) for tensor, stream in made.items()}
        outside = {tensor: _whole_frames(folder, stream) for tensor, stream in left.items()}
    return Driven(frames, outside, report["cycles"][0], build_seconds)


def _lines(
    project: RtlProject, given: Mapping[str, IntArray], expected: Mapping[str, int], folder: Path
) -> tuple[list[str], dict[str, Stream], dict[str, Stream]]:
    """Lines of the run, what is made by tensor, and what leaves the design by tensor."""
    lines = [
        stream_line(s, "input", len(given[s.tensor]), write_frames(folder, s, given[s.tensor]))
        for s in (*project.inputs, *project.tensors)
    ]
    made = {s.tensor: replace(s, id=made_id(project.tensors, s)) for s in project.tensors}
    lines += [stream_line(s, "output", expected[s.tensor], f"{folder / str(s.id)}.i32") for s in made.values()]
    left = {} if project.sparse else {s.tensor: s for s in project.outputs}
    lines += [stream_line(s, "output", len(given[s.tensor]), f"{folder / str(s.id)}.i32") for s in left.values()]
    if project.sparse:
        lines.append(stream_line(project.outputs[0], "records", 0, "-"))
    return lines, made, left


def _whole_frames(folder: Path, stream: Stream) -> IntArray:
    """Those recorded, (n, C, H, W)."""
    channels, height, width = stream.shape
    size = channels * height * width
    flat = np.fromfile(folder / f"{stream.id}.i32", dtype="<i4")
    frames = flat[: flat.size // size * size].reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    return (stream.base + stream.step * frames).astype(np.int32)
