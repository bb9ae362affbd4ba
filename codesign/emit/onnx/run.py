"""Runs an emitted model in a stock ONNX Runtime, and gives its tensors as integers."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
import onnxruntime

from codesign.emit.onnx.base import carried
from codesign.emit.onnx.model import value_info
from codesign.errors import GraphError
from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_integers, to_real

BATCH = 32
"""Frames at a time, which bounds the memory for all tensors of a large network."""


def run_onnxruntime(
    model: onnx.ModelProto, graph: Graph, images: IntArray, tensors: Collection[str] | None = None
) -> dict[str, IntArray]:
    """Tensors of `graph` as ONNX Runtime computes them from `model`, which `emit_qcdq(graph)` made.

    images: (N, C, H, W) integers of the graph's input. tensors: names in the graph; default: its outputs. Returns
    (N, C, H, W) int32 by name, NOT_AN_INTEGER where a value is no multiple of its scale. Raises GraphError for an
    unknown tensor.
    """
    wanted = list(dict.fromkeys(graph.outputs if tensors is None else tensors))
    session = _session(_with_outputs(model, graph, wanted))
    ((name, kind),) = graph.inputs.items()
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    computed = [name for name in wanted if name not in graph.inputs]
    runs = [session.run(computed, {name: to_real(batch, kind)}) for batch in batches]
    results = {t: np.concatenate([run[i] for run in runs]) for i, t in enumerate(computed)}
    types = {t: graph.types[t] if t in graph.outputs else carried(graph.types[t]) for t in computed}
    return {t: images.astype(np.int32) if t == name else to_integers(results[t], types[t]) for t in wanted}


def _with_outputs(model: onnx.ModelProto, graph: Graph, tensors: list[str]) -> onnx.ModelProto:
    """A copy of `model` with `tensors` as outputs."""
    unknown = [name for name in tensors if name not in graph.types]
    if unknown:
        raise GraphError(f"there is no tensor '{unknown[0]}'", where=graph.name)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    present = {output.name for output in copy.graph.output} | set(graph.inputs)
    copy.graph.output.extend(value_info(name, graph.types[name]) for name in tensors if name not in present)
    return copy


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
