"""What tensors of an ONNX file are for some inputs, whatever its operators: the measure of quantizers and rewrites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from codesign.errors import GraphError, first_line
from codesign.frontend.inputs import declared, network_inputs
from codesign.frontend.load import simplified
from codesign.frontend.run_qdq import is_qdq

Reals = NDArray[Any]
LARGEST_OF_RANDOM = 1.0
"""Random inputs lie between -1 and 1 where the file does not say what they are."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Inputs of a network: `frames`, each of the shape of its input, a batch of one. says: what they are, in words."""

    frames: tuple[Reals, ...]
    says: str

    def tensors(self, model: onnx.ModelProto, names: Sequence[str]) -> dict[str, Reals]:
        """(N, ...) of each tensor. Raises GraphError if the file does not run."""
        try:
            found = _in_onnxruntime(model, self.frames, names) if _standard(model) else _in_qonnx(model, self.frames)
            return {name: np.stack([frame[name] for frame in found]) for name in names}
        except GraphError:
            raise
        except Exception as error:  # whatever ONNX Runtime and QONNX raise
            reason = first_line(error)
            raise GraphError(f"does not run ({reason[:200]})", remedy="export it again") from None


def random_frames(model: onnx.ModelProto, count: int, seed: int = 0) -> Calibration:
    """Random inputs: over the range of their type where the file says one, else evenly between -1 and 1."""
    (value,) = network_inputs(model.graph)
    shape, dtype = frame_shape(value), helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    rng, kind = np.random.default_rng(seed), declared(model).get(value.name)
    if kind is None:
        drawn: list[Reals] = [rng.uniform(-LARGEST_OF_RANDOM, LARGEST_OF_RANDOM, shape) for _ in range(count)]
        return Calibration(tuple(x.astype(dtype) for x in drawn), f"{count} random inputs between -1 and 1")
    levels = np.arange(kind.lo, kind.hi + 1, kind.step)
    drawn = [rng.choice(levels, shape) * kind.scale for _ in range(count)]
    return Calibration(tuple(x.astype(dtype) for x in drawn), f"{count} random inputs of the input's type")


def frame_shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    """The shape of an input, for a batch of one. Raises GraphError if it is not known."""
    sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    if len(sizes) > 1 and not sizes[0]:
        sizes[0] = 1
    if not sizes or min(sizes) < 1:
        raise GraphError("the shape is not static", where=f"input {value.name}", remedy="export with fixed sizes")
    return tuple(sizes)


def _standard(model: onnx.ModelProto) -> bool:
    return is_qdq(model) or all(node.domain in ("", "ai.onnx", "com.microsoft") for node in model.graph.node)


def _in_onnxruntime(model: onnx.ModelProto, frames: Sequence[Reals], names: Sequence[str]) -> list[Mapping[str, Reals]]:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    given = {value.name for value in (*copy.graph.output, *copy.graph.input)}
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in copy.graph.initializer}
    copy.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in given and n not in constants)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (source,), outputs = session.get_inputs(), [output.name for output in session.get_outputs()]
    return [
        {**constants, source.name: x, **dict(zip(outputs, session.run(outputs, {source.name: x}), strict=True))}
        for x in frames
    ]


def _in_qonnx(model: onnx.ModelProto, frames: Sequence[Reals]) -> list[Mapping[str, Reals]]:
    ready: ModelWrapper = simplified(model)
    name = ready.graph.input[0].name
    return [execute_onnx(ready, {name: x}, return_full_exec_context=True) for x in frames]
