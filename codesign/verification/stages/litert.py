"""The TFLite file of the build in LiteRT, with its reference kernels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import ai_edge_litert.interpreter  # noqa: F401  a verification without it leaves this stage out
import tflite  # noqa: F401
from numpy.typing import NDArray

from codesign.build_folder import BuildFolder
from codesign.frontend.tflite.run import run_tflite
from codesign.graph import IntArray
from codesign.verification.reference import images_at_a_time


def run(build: BuildFolder, images: IntArray, tensors: Collection[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Shows the tensors that exist in the file."""
    shown = [name for name in tensors if name in build.graph.origins]
    at_a_time = images_at_a_time(build.graph)
    for start in range(0, len(images), at_a_time):
        yield run_tflite(build.tflite, build.graph, images[start : start + at_a_time], shown)
