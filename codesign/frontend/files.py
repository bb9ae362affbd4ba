"""Networks as files, of whichever format: QONNX and ONNX, or TFLite."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray

from codesign.frontend import qonnx, run, run_qdq
from codesign.frontend.network import Network
from codesign.frontend.tflite import read as tflite
from codesign.frontend.tflite import run as run_tflite
from codesign.frontend.tflite.parse import is_tflite
from codesign.graph import Graph, IntArray


def import_file(path: Path, name: str = "", argmax: int | None = None) -> Network:
    """What becomes of the file at `path`. name: of the graph; default: the file's. argmax: so many indices of classes
    leave the hardware, as for `qonnx.import_network`. Raises GraphError as its format's `import_network` does."""
    load = tflite.import_network if is_tflite(path) else qonnx.import_network
    return load(path, name, argmax)


def run_file(path: Path, graph: Graph, images: IntArray, tensors: Collection[str]) -> dict[str, IntArray]:
    """Tensors of `graph`, which was imported from the file, as its reference computes them: LiteRT, or QONNX' executor.

    images: (N, C, H, W) integers of the graph's input. Returns (N, C, H, W) int32 by name.
    """
    if is_tflite(path):
        return run_tflite.run_tflite(path, graph, images, tensors)
    return run.run_qonnx(onnx.load(path), graph, images, tensors)


def run_outputs(path: Path, graph: Graph, images: IntArray, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
    """Tensors of the file by their names there, as its reference computes them: real values, (N, ...)."""
    if is_tflite(path):
        return run_tflite.run_outputs(path, graph, images, outputs)
    return run.run_outputs(onnx.load(path), graph, images, outputs)


def output_steps(path: Path) -> dict[str, float]:
    """The steps to which a file rounds outputs that the host has as real values, by name; those of no step left out."""
    return run_tflite.output_steps(path) if is_tflite(path) else run_qdq.output_steps(onnx.load(path))
