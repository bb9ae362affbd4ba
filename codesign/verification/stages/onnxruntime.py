"""The standard ONNX file (QCDQ) in a stock ONNX Runtime, its graph optimizations on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.onnx.run import run_onnxruntime
from codesign.graph import IntArray

IMAGES_AT_A_TIME = 16


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    model = onnx.load(build.qcdq)
    for start in range(0, len(images), IMAGES_AT_A_TIME):
        yield run_onnxruntime(model, build.graph, images[start : start + IMAGES_AT_A_TIME], tensors)
