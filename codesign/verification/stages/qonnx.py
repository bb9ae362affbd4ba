"""The exported QONNX file in QONNX's own executor."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.run import run_qonnx
from codesign.graph import IntArray


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """One image at a time: the file's batch size is 1."""
    model = onnx.load(build.qonnx)
    for image in images:
        yield run_qonnx(model, build.graph, image[None], tensors)
