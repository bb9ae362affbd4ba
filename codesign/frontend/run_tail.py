"""Runs the host's share of a network in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from codesign.graph import Graph, IntArray
from codesign.graph.reals import to_real


class TailRun:
    """A tail that is ready to run, frame after frame.

    inputs: for each input of `tail`, the tensor of `graph` whose real values it takes. names: tensors of `tail` to
    compute, its outputs if none are given; a tail has no more than nodes of ONNX, all for a batch of one.
    """

    def __init__(
        self, tail: onnx.ModelProto, graph: Graph, inputs: Mapping[str, str], names: Sequence[str] | None = None
    ) -> None:
        self._graph, self._inputs = graph, inputs
        self.names = tuple(names if names is not None else (output.name for output in tail.graph.output))
        self._given = {
            value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in tail.graph.input
        }
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        computed = _with_outputs(tail, [name for name in self.names if name not in self._given])
        self._session = onnxruntime.InferenceSession(
            computed.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._computed = [output.name for output in self._session.get_outputs()]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of what is computed, by name, the batch of one included."""
        zeros = {name: np.zeros(shape, np.float32) for name, shape in self._given.items()}
        return {name: value.shape for name, value in self._frame(zeros).items()}

    def __call__(self, values: Mapping[str, IntArray]) -> dict[str, NDArray[Any]]:
        """What is computed by name, each (N, ...) with the batch of one of every frame in the second place.

        values: the inputs' tensors, (N, C, H, W) integers.
        """
        reals = {name: to_real(values[tensor], self._graph.types[tensor]) for name, tensor in self._inputs.items()}
        frames = [
            self._frame({name: real[frame].reshape(self._given[name]) for name, real in reals.items()})
            for frame in range(len(next(iter(values.values()))))
        ]
        return {name: np.stack([frame[name] for frame in frames]) for name in self.names}

    def _frame(self, reals: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        computed = dict(zip(self._computed, self._session.run(self._computed, reals), strict=True))
        return {name: reals[name] if name in reals else computed[name] for name in self.names}


def _with_outputs(tail: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The same nodes with other outputs; at least one, as ONNX Runtime wants it."""
    own = {output.name: output for output in tail.graph.output}
    found = onnx.ModelProto()
    found.CopyFrom(tail)
    del found.graph.output[:]
    found.graph.output.extend(
        own.get(name) or onnx.helper.make_empty_tensor_value_info(name) for name in names or list(own)[:1]
    )
    return found


def run_tail(
    tail: onnx.ModelProto, graph: Graph, inputs: Mapping[str, str], values: Mapping[str, IntArray]
) -> dict[str, NDArray[Any]]:
    """The outputs of `tail` by name, as `TailRun` gives them."""
    return TailRun(tail, graph, inputs)(values)
