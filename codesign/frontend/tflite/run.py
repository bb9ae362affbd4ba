"""Runs a TFLite file in LiteRT, with its reference kernels, and gives its tensors as integers of the graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.tflite.alone import interpreter, run
from codesign.frontend.tflite.model import Model
from codesign.frontend.tflite.parse import TYPES, load_model
from codesign.graph import Graph, IntArray, TensorType
from codesign.graph.reals import to_real


def run_tflite(
    path: Path, graph: Graph, images: IntArray, tensors: Collection[str] | None = None
) -> dict[str, IntArray]:
    """Tensors of `graph`, which was imported from the file at `path`, as LiteRT computes them.

    images: (N, C, H, W) integers of the graph's input. tensors: names in the graph; default: all that exist in the
    file. Returns (N, C, H, W) int32 by name. Raises GraphError for a tensor that the file does not have, and if LiteRT
    does not run it.
    """
    wanted = {name: graph.origins[name] for name in (graph.origins if tensors is None else tensors)}
    model = load_model(path)
    zeros = {tensor.name: tensor.zeros for tensor in model.tensors}
    frames = list(_frames(path, model, graph, images, wanted.values()))
    return {
        name: np.stack([_integers(frame[origin], zeros[origin][0], graph.types[name]) for frame in frames])
        for name, origin in wanted.items()
    }


def run_outputs(path: Path, graph: Graph, images: IntArray, outputs: Collection[str]) -> dict[str, NDArray[Any]]:
    """Tensors of the file by their names there, (N, ...): real values of codes, other types as they are."""
    model = load_model(path)
    coded = {tensor.name: tensor for tensor in model.tensors if tensor.scales and tensor.type in ("INT8", "UINT8")}
    frames = list(_frames(path, model, graph, images, outputs))
    found = {name: np.stack([frame[name] for frame in frames]) for name in outputs}
    return {
        name: _real(values, coded[name].scales[0], coded[name].zeros[0]) if name in coded else values
        for name, values in found.items()
    }


def output_steps(path: Path) -> dict[str, float]:
    """For each output of the file, the step that its values are rounded to; 0 for real and whole numbers."""
    model = load_model(path)
    outputs = [model.tensors[index] for index in model.outputs]
    return {tensor.name: tensor.scales[0] if tensor.scales else 0.0 for tensor in outputs}


def _frames(
    path: Path, model: Model, graph: Graph, images: IntArray, names: Collection[str]
) -> Iterator[dict[str, NDArray[Any]]]:
    litert = interpreter(path.read_bytes())
    indices = {tensor.name: index for index, tensor in enumerate(model.tensors)}
    missing = [name for name in names if name not in indices]
    if missing:
        raise GraphError(f"the file has no tensor '{missing[0]}'", where=str(path))
    (kind,) = graph.inputs.values()
    for image in images:
        run(litert, [(model.inputs[0], _given(model, image, kind))])
        yield {name: litert.get_tensor(indices[name]) for name in names}


def _given(model: Model, image: IntArray, kind: TensorType) -> NDArray[Any]:
    """A frame (C, H, W) of the graph's input as the file's input."""
    source = model.tensors[model.inputs[0]]
    values = to_real(image[None], kind)[0] if source.type == "FLOAT32" else image + source.zeros[0]
    return values.transpose(1, 2, 0).reshape(source.shape).astype(TYPES[source.type])


def _integers(codes: NDArray[Any], zero: int, kind: TensorType) -> IntArray:
    channels, height, width = kind.shape
    maps = codes.astype(np.int32).reshape(height, width, channels).transpose(2, 0, 1)
    return maps - np.int32(zero)


def _real(codes: NDArray[Any], scale: float, zero: int) -> NDArray[np.float64]:
    real: NDArray[np.float64] = (codes.astype(np.float64) - zero) * scale
    return real
