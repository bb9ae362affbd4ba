"""Runs the host's share of a network in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_real


def run_tail(
    tail: onnx.ModelProto, graph: Graph, inputs: Mapping[str, str], values: Mapping[str, IntArray]
) -> dict[str, NDArray[Any]]:
    """The outputs of `tail` by name, each (N, ...) with the batch of one of every frame in the second place.

    inputs: for each input of `tail`, the tensor of `graph` whose real values it takes; values: those tensors,
    (N, C, H, W) integers.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(tail.SerializeToString(), options, providers=["CPUExecutionProvider"])
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in tail.graph.input}
    reals = {name: to_real(values[tensor], graph.types[tensor]) for name, tensor in inputs.items()}
    names = [output.name for output in tail.graph.output]
    frames = [
        session.run(names, {name: real[frame].reshape(shapes[name]) for name, real in reals.items()})
        for frame in range(len(next(iter(values.values()))))
    ]
    return {name: np.stack([frame[index] for frame in frames]) for index, name in enumerate(names)}
