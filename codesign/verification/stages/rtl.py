"""The SystemVerilog of the build folder, simulated by Verilator, frames back to back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.simulate import simulate
from codesign.graph import IntArray, digest

FRAMES_AT_A_TIME = 4


def check(build: BuildFolder) -> str | None:
    """What says that the design was made from another graph than the build's."""
    project = RtlProject.load(build.rtl)
    if project.digest == digest(build.graph):
        return None
    return f"{build.rtl.name}/project.json says that the design was made from another graph"


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Raises ToolError without a C++ compiler, if the design does not compile, or if it stalls for good."""
    yield from in_bench(build.rtl, build, images, tensors)


def in_bench(
    project: Path, build: BuildFolder, images: IntArray, tensors: Collection[str]
) -> Iterator[dict[str, NDArray[Any]]]:
    """The tensors of the RTL project in that folder, a few frames at a time."""
    for start in range(0, len(images), FRAMES_AT_A_TIME):
        frames = images[start : start + FRAMES_AT_A_TIME]
        yield dict(simulate(project, build.graph, frames, tensors=list(tensors), cache=build.cache).values)
