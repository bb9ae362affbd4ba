"""The exported QONNX file in QONNX's own executor."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.run import run_qonnx
from codesign.graph import IntArray
from codesign.verification.reference import images_at_a_time
from codesign.verification.ties import Judge


def judge(build: BuildFolder) -> Judge:
    """Tells which differences float32 explains, by the file that the build was made of."""
    return Judge(onnx.load(build.qonnx), build.graph)


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Shows the tensors that exist in the file."""
    model = onnx.load(build.qonnx)
    shown = [name for name in tensors if name in build.graph.origins]
    at_a_time = images_at_a_time(build.graph)
    for start in range(0, len(images), at_a_time):
        yield run_qonnx(model, build.graph, images[start : start + at_a_time], shown)
