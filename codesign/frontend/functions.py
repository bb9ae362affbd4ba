"""What nodes of a file make of integers, run by ONNX Runtime: each node by itself, as QONNX's executor runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from codesign.errors import GraphError, first_line
from codesign.frontend.quantizer import Quantizer, Reals
from codesign.frontend.session import run_node
from codesign.frontend.values import Activation, Branch, Meeting, Step
from codesign.graph import IntArray, TensorType

IR_VERSION = 9
KERNELS = {"Add": "QLinearAdd", "Mul": "QLinearMul"}
"""Integer kernels of ONNX Runtime that take over a node with the quantizers around it."""

Integers = NDArray[np.int64]
RealFunction = Callable[[Integers], Reals]
"""From integers (K, C) to real numbers (K, C)."""
StepFunction = Callable[[Integers], Integers]
"""From integers (K, C) to a quantizer's integers (K, C)."""


def step_function(value: Activation, kind: TensorType, quantizer: Quantizer) -> StepFunction:
    """What `quantizer` makes of `value`, as a function of the integers of `value.tensor`, of type `kind`."""
    kernel = _kernel(value, quantizer)
    if kernel is not None:
        return kernel
    real, rank = real_function(value.steps, kind.scale), 2 if value.layout in ("flat", "flattened") else 4

    def function(sums: Integers) -> Integers:
        found = real(sums)
        if np.isnan(found).any():
            raise GraphError("quantizes what is no number for some inputs", remedy="clip before the function")
        return as_matrix(quantizer.integers(as_rank(found, rank)))

    return function


def real_function(steps: Sequence[Step | Meeting], scale: tuple[float, ...]) -> RealFunction:
    """What `steps` make of integers of that scale."""
    nodes = [_meeting(step) if isinstance(step, Meeting) else _step(step) for step in steps]

    def function(sums: Integers) -> Reals:
        real: Reals = (sums * np.array(scale)).astype(np.float32)
        for node in nodes:
            real = node(real, sums)
        return real

    return function


def _step(step: Step) -> Callable[[Reals, Integers], Reals]:
    session, rank = step_session(step), step.rank

    def function(real: Reals, sums: Integers) -> Reals:
        (result,) = session.run(None, {"x": as_rank(real, rank)})
        return as_matrix(result)

    return function


def _meeting(step: Meeting) -> Callable[[Reals, Integers], Reals]:
    session = _session(step.node, {0: "x", 1: "y"}, {}, step.rank, step.opset)
    branches = [(_integer_function(branch), real_function(branch.steps, branch.scale)) for branch in step.branches]

    def function(real: Reals, sums: Integers) -> Reals:
        operands = [as_rank(reals(integers(sums)), step.rank) for integers, reals in branches]
        (result,) = session.run(None, dict(zip("xy", operands, strict=True)))
        return as_matrix(result)

    return function


def _integer_function(branch: Branch) -> StepFunction:
    def function(sums: Integers) -> Integers:
        maps: IntArray = sums.astype(np.int32)[:, :, None, None]
        for op in branch.ops:
            (maps,) = op.execute(maps)
        return maps[:, :, 0, 0].astype(np.int64)

    return function


def _kernel(value: Activation, quantizer: Quantizer) -> StepFunction | None:
    """An integer kernel that takes over the one node before the quantizer, if ONNX Runtime has it."""
    (step, *more) = value.steps or (None,)
    if quantizer.code is None or more or not isinstance(step, Meeting) or step.node.op_type not in KERNELS:
        return None
    first, second = step.branches
    if first.code is None or second.code is None or first.steps or second.steps:
        return None
    codes, operands = (first.code, second.code, quantizer.code), [_integer_function(b) for b in step.branches]
    if len({code.zero.dtype for code in codes}) > 1:
        return None

    def function(sums: Integers) -> Integers:
        pair = [integers(sums) for integers in operands]
        found = integer_kernel(KERNELS[step.node.op_type], (pair[0], pair[1]), codes)
        return np.clip(found, quantizer.lo, quantizer.hi)

    return function


def integer_kernel(operator: str, pair: tuple[Integers, Integers], codes: Sequence[Any]) -> Integers:
    """What an integer kernel of ONNX Runtime makes of two tensors of one shape; codes: of both and of the result."""
    inputs: dict[str, Any] = {}
    for name, q, code in zip("ab", pair, codes, strict=False):
        inputs |= {name: q + int(code.zero), f"s{name}": code.scale, f"z{name}": code.zero}
    result = codes[2]
    inputs |= {"sc": result.scale, "zc": result.zero}
    given = {
        name: np.asarray(array, np.float32 if name[0] == "s" else result.zero.dtype) for name, array in inputs.items()
    }
    node = onnx.helper.make_node(operator, list(given), ["c"], domain="com.microsoft")
    return run_node(node, given)[0].astype(np.int64) - int(result.zero)


def as_rank(rows: Reals, rank: int) -> Reals:
    """(K, C) as a batch of vectors, or as one map (1, C, K) or (1, C, K, 1), on which nodes compute as on an image."""
    return rows if rank == 2 else np.ascontiguousarray(rows.T).reshape(1, rows.shape[1], -1, *[1] * (rank - 3))


def as_matrix(array: NDArray[Any]) -> NDArray[Any]:
    """The inverse of `as_rank`."""
    return array if array.ndim == 2 else array.reshape(array.shape[1:3]).T


def step_session(step: Step) -> onnxruntime.InferenceSession:
    """The node alone, its activation called x."""
    return _session(step.node, {step.index: "x"}, step.constants, step.rank, step.opset)


def _session(
    of: onnx.NodeProto, names: Mapping[int, str], constants: Mapping[str, NDArray[Any]], rank: int, opset: int
) -> onnxruntime.InferenceSession:
    """A node alone. names: what its operands are called, by their place."""
    node = onnx.NodeProto()
    node.CopyFrom(of)
    for index, name in names.items():
        node.input[index] = name
    del node.output[1:]
    every: list[str | int | None] = [1, "C", "K", 1]
    dims = ["K", "C"] if rank == 2 else every[:rank]
    graph = helper.make_graph(
        [node],
        "step",
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, dims) for name in names.values()],
        [helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has a class for each of its reasons, none of them public
        reason = first_line(error)
        raise GraphError(f"ONNX Runtime does not run {of.op_type} ({reason})", remedy="export the file again") from None
