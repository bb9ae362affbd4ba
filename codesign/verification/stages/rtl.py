"""The SystemVerilog of the build folder, simulated by Verilator, under every kind of traffic."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.protocol import Violation
from codesign.emit.rtl.simulate import Options, Played, play, simulate
from codesign.emit.rtl.traffic import Traffic, demanding, even, frames_of, steady_frames, under_way
from codesign.graph import IntArray, digest
from codesign.verification.findings import Findings, Interval

FRAMES_AT_A_TIME = 4
"""That are compared."""

IMAGES_AT_A_TIME = 16
"""That are simulated in one run."""

SLOWER = 2e-4
"""Share by which the mean interval may exceed the schedule's: of 30 designs of all recipes none does by more than 0."""


def check(build: BuildFolder) -> str | None:
    """What says that the design was made from another graph than the build's."""
    project = RtlProject.load(build.rtl)
    if project.digest == digest(build.graph):
        return None
    return f"{build.rtl.name}/project.json says that the design was made from another graph"


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Frames back to back. Raises ToolError without a C++ compiler, if the design does not compile, or if it stalls for
    good."""
    yield from in_bench(build.rtl, build, images, tensors)


def prove(build: BuildFolder, images: IntArray, tensors: Collection[str], *, plusargs: Sequence[str] = ()) -> Simulated:
    """plusargs: as in `run_harness`. Raises ToolError without a C++ compiler, or if the design does not compile."""
    return Simulated(build, RtlProject.load(build.rtl), images, tensors, plusargs=plusargs)


def in_bench(
    project: Path, build: BuildFolder, images: IntArray, tensors: Collection[str]
) -> Iterator[dict[str, NDArray[Any]]]:
    """The tensors of the RTL project in that folder, a few frames at a time."""
    for start in range(0, len(images), FRAMES_AT_A_TIME):
        frames = images[start : start + FRAMES_AT_A_TIME]
        yield dict(simulate(project, build.graph, frames, tensors=list(tensors)).values)


@dataclass(eq=False)
class Simulated:
    """Frames of the RTL project, a few at a time, tensor by tensor, and what its ports did.

    The first images are shown more often than the others, if the traffic is demanding, not frames back to back.
    scratch: a folder that goes once all frames are shown. findings, stopped: known once the first frames are; the
    latter if the simulation has ended early.
    """

    build: BuildFolder
    project: RtlProject
    images: IntArray
    tensors: Collection[str]
    scratch: AbstractContextManager[object] = field(default_factory=nullcontext)
    demanding: bool = True
    plusargs: Sequence[str] = ()
    findings: Findings | None = field(default=None, init=False)
    stopped: bool = field(default=False, init=False)

    @cached_property
    def order(self) -> Sequence[int]:
        """Number of the image of every frame."""
        found: list[int] = []
        for start, count, traffic in self._runs():
            found += [start + frame % count for frame in range(frames_of(traffic))]
        return found

    def __iter__(self) -> Iterator[dict[str, NDArray[Any]]]:
        with self.scratch:
            for start, count, traffic in self._runs():
                yield from self._shown(self.images[start : start + count], traffic)
                if self.stopped:
                    return

    def _shown(self, images: IntArray, traffic: Traffic) -> Iterator[dict[str, NDArray[Any]]]:
        """Those of one run of the simulator."""
        graph, options = self.build.graph, Options(watched=True, plusargs=self.plusargs)
        (source,) = graph.inputs
        with play(self.project, graph, {source: images}, traffic, tensors=self.tensors, options=options) as played:
            self.stopped = played.stop is not None
            self.findings = self._findings(played, traffic)
            for first in range(0, played.frames, FRAMES_AT_A_TIME):
                yield dict(played.values(first, min(first + FRAMES_AT_A_TIME, played.frames)))

    def _runs(self) -> Iterator[tuple[int, int, Traffic]]:
        """First image, number of images, and traffic of every run of the simulator."""
        for start in range(0, len(self.images), IMAGES_AT_A_TIME):
            count = min(IMAGES_AT_A_TIME, len(self.images) - start)
            demands = self.demanding and not start
            yield start, count, demanding(self.project, count, self.latency) if demands else even(self.project, count)

    @cached_property
    def latency(self) -> int:
        """In cycles, as scheduled."""
        return self.build.design.schedule.latency_cycles

    def _findings(self, played: Played, traffic: Traffic) -> Findings:
        """Those of a run, after those of the runs before."""
        before, violations = self.findings, played.violations
        if played.stop is not None:
            violations += (Violation("the design", played.stop, played.cycles, played.frames),)
        if before is not None:
            both = (*before.violations, *violations)
            return replace(before, violations=both, frames=before.frames + played.frames)
        if played.stop is not None or self.project.foreign or not self.demanding:
            return Findings(violations, played.frames)
        steady = steady_frames(traffic)
        # The last windows of the last of them may wait for pixels of the next frame, which pauses.
        interval = _interval(played, steady[1 + under_way(self.project, self.latency) : -1])
        return Findings(violations, played.frames, interval, played.latency_cycles(steady[0]))


def _interval(played: Played, steady: range) -> Interval:
    """From the first of the frames `steady` to the last.

    Where weights come from memory, a tile's pixels leave together, and the last of them may be a tile late.
    """
    frames = len(steady) - 1
    measured = (played.ends[steady[-1]] - played.ends[steady[0]]) / frames
    project = played.project
    late = project.slowest_cycles / frames if project.weights else 0
    return Interval(measured, project.interval_cycles, project.interval_cycles * (1 + SLOWER) + late, frames)
