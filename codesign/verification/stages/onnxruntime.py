"""The standard ONNX file (QCDQ) in a stock ONNX Runtime, its graph optimizations on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import onnx
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.emit.onnx.model import DIGEST
from codesign.emit.onnx.run import run_onnxruntime
from codesign.graph import IntArray, digest
from codesign.verification.reference import images_at_a_time


def check(build: BuildFolder) -> str | None:
    """What says that the file was made from another graph than the build's."""
    said = {entry.key: entry.value for entry in onnx.load(build.qcdq).metadata_props}.get(DIGEST)
    if said is None:
        return f"{build.qcdq.name} does not say which graph it was made from"
    return None if said == digest(build.graph) else f"{build.qcdq.name} says that it was made from another graph"


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    model = onnx.load(build.qcdq)
    at_a_time = images_at_a_time(build.graph)
    for start in range(0, len(images), at_a_time):
        yield run_onnxruntime(model, build.graph, images[start : start + at_a_time], tensors)
