"""The hls4ml project, compiled by g++ from the sources in the build folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.hls.run import FRAMES_A_PROCESS, run_hls
from codesign.graph import IntArray, digest
from codesign.verification.reference import images_at_a_time


@dataclass(frozen=True)
class Shown:
    """Tensors of the images in `order`, some at a time."""

    order: Sequence[int]
    chunks: Iterator[dict[str, NDArray[Any]]]

    def __iter__(self) -> Iterator[dict[str, NDArray[Any]]]:
        return self.chunks


def _order(count: int) -> list[int]:
    """A quarter of the images, one at least, come a second time, behind others than before.

    So even a single image runs behind another frame, and what a frame leaves behind shows.
    """
    return [*range(count), *reversed(range(-(-count // 4)))]


def check(build: BuildFolder) -> str | None:
    """What says that the project was made from another graph than the build's."""
    settings = build.hls / "hls4ml_config.yml"
    stamp = re.search(r"^Stamp: '?(\w+)'?$", settings.read_text(), re.MULTILINE) if settings.is_file() else None
    if stamp is None:
        return f"{settings.name} does not say which graph the project was made from"
    if not digest(build.graph).startswith(stamp[1]):
        return f"{settings.name} says that the project was made from another graph"
    return None


def prove(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Shown:
    """As `run`, of images in an order in which what a frame leaves behind shows."""
    order = _order(len(images))
    return Shown(order, run(build, images[order], tensors))


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Raises ToolError without a C++ compiler, or if the project does not compile."""
    at_a_time = max(images_at_a_time(build.graph), FRAMES_A_PROCESS)
    for frames in np.array_split(images, max(1, len(images) // at_a_time)):
        yield run_hls(build.hls, build.graph, frames, tensors)
