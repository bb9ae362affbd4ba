"""The hls4ml project, compiled by g++ from the sources in the build folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.hls.run import run_hls
from codesign.graph import IntArray

FRAMES_AT_A_TIME = 4


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Raises ToolError without a C++ compiler, or if the project does not compile."""
    for start in range(0, len(images), FRAMES_AT_A_TIME):
        frames = images[start : start + FRAMES_AT_A_TIME]
        yield run_hls(build.hls, build.graph, frames, tensors)
