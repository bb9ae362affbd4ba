"""Runs a QONNX model in QONNX's own executor, a QDQ model in ONNX Runtime, and gives its tensors as integers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.fold_constants import FoldConstantsFiltered

from codesign.errors import GraphError
from codesign.frontend import run_qdq
from codesign.frontend.channels_first import Order, channels_first, from_file, in_file, orders_of
from codesign.frontend.load import simplified
from codesign.frontend.run_qdq import is_qdq
from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_integers, to_real


def run_qonnx(
    model: onnx.ModelProto, graph: Graph, images: IntArray, tensors: Collection[str] | None = None
) -> dict[str, IntArray]:
    """Tensors of `graph`, which was imported from `model`, as QONNX's executor computes them.

    images: (N, C, H, W) integers of the graph's input. tensors: names in the graph; default: all that exist in the
    file. Returns (N, C, H, W) int32 by name, NOT_AN_INTEGER where a value is no multiple of its scale. Raises
    GraphError for a tensor that the file does not have.
    """
    wanted = list(graph.origins if tensors is None else tensors)
    missing = [name for name in wanted if name not in graph.origins]
    if missing:
        raise GraphError(f"tensor '{missing[0]}' does not exist in the QONNX file")
    if is_qdq(model):
        return _run_integers(model, graph, images, wanted)
    origins, ready = {tensor: graph.origins[tensor] for tensor in wanted}, simplified(model)
    orders = channels_first(ready).orders
    frames = [
        {tensor: from_file(context[name], orders.get(name)) for tensor, name in origins.items()}
        for context in _run(ready, orders, graph, images)
    ]
    return {t: to_integers(np.stack([frame[t] for frame in frames]), graph.types[t]) for t in wanted}


def run_outputs(
    model: onnx.ModelProto, graph: Graph, images: IntArray, outputs: Collection[str]
) -> dict[str, NDArray[Any]]:
    """Tensors of the file by their names there, as QONNX's executor computes them: real values, (N, ...)."""
    if is_qdq(model):
        run = run_qdq.frames(model, graph, images, outputs, orders_of(model))
    else:
        ready = simplified(model)
        run = _run(ready, channels_first(ready).orders, graph, images)
    frames = [{name: context[name] for name in outputs} for context in run]
    return {name: np.stack([frame[name] for frame in frames]) for name in outputs}


def _run_integers(
    model: onnx.ModelProto, graph: Graph, images: IntArray, tensors: Collection[str]
) -> dict[str, IntArray]:
    """Tensors of a QDQ model, which are integers there too."""
    zeros, origins = run_qdq.zero_points(model), {tensor: graph.origins[tensor] for tensor in tensors}
    orders = orders_of(model)
    frames = list(run_qdq.frames(model, graph, images, list(origins.values()), orders))
    return {
        tensor: run_qdq.as_integers(
            np.stack([from_file(frame[name], orders.get(name)) for frame in frames]),
            zeros.get(name, 0),
            graph.types[tensor].shape,
        )
        for tensor, name in origins.items()
    }


def _run(
    model: ModelWrapper, orders: Mapping[str, Order], graph: Graph, images: IntArray
) -> Iterator[dict[str, NDArray[Any]]]:
    """All tensors of the file `model`, which has been simplified, image by image. orders: of axes in the file."""
    ready = _with_constant_weights(model)
    (name, kind), source = next(iter(graph.inputs.items())), ready.graph.input[0]
    shape, dtype = (
        ready.get_tensor_shape(source.name),
        helper.tensor_dtype_to_np_dtype(source.type.tensor_type.elem_type),
    )
    order = orders.get(source.name)
    for real in to_real(images, kind):
        given = {graph.title(name): in_file(real, shape, order).astype(dtype)}
        yield execute_onnx(ready, given, return_full_exec_context=True)


def _with_constant_weights(model: ModelWrapper) -> ModelWrapper:
    """Quantizes the weights once instead of once per image; QONNX's executor does it here too."""
    return model.transform(FoldConstantsFiltered(lambda _, node: True), make_deepcopy=False, cleanup=False)
