"""The exported QONNX file in QONNX's own executor."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.run import run_qonnx
from codesign.graph import IntArray

IMAGES_AT_A_TIME = 4


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Shows the tensors that exist in the file."""
    model = onnx.load(build.qonnx)
    shown = [name for name in tensors if name in build.graph.origins]
    for start in range(0, len(images), IMAGES_AT_A_TIME):
        yield run_qonnx(model, build.graph, images[start : start + IMAGES_AT_A_TIME], shown)
