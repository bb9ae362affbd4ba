"""Thresholds of a quantizer on the integers before it, from what the file's own nodes compute in float32.

Between a layer's sums and the next quantizer a file has bias, batch norm, scales and activation functions, each of them
monotone in float32 too, since rounding is. So the quantizer's integers are a step function of the sum, whose steps are
found by bisection on those very nodes. The sum itself is taken as exact: `q * scale`, rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from codesign.errors import GraphError
from codesign.frontend.quantizer import Quantizer, Reals
from codesign.frontend.values import Activation, Step
from codesign.graph import TensorType
from codesign.graph.ops.threshold import MOST_THRESHOLDS, Threshold

IR_VERSION = 9
SAMPLES = 4096
"""Sums, spread evenly over their range, at which the thresholds are compared with the nodes once more."""

Integers = NDArray[np.int64]
StepFunction = Callable[[Integers], Integers]
"""From sums (K, C) to the quantizer's integers (K, C)."""


def thresholds(value: Activation, kind: TensorType, quantizer: Quantizer, factors: Reals | None = None) -> Threshold:
    """The operator that makes of the integers of `value.tensor`, of type `kind`, what `quantizer` makes of `value`.

    factors: where an integer kernel does it, by which it multiplies, (1,) or (C,).
    Raises GraphError if that takes more than 255 thresholds a channel, or is no monotone function.
    """
    function = _step_function(value, kind, quantizer) if factors is None else _multiplied(factors, quantizer)
    return thresholds_of(function, kind, (quantizer.lo, quantizer.hi), quantizer.scale, quantizer.step)


def thresholds_of(
    function: StepFunction, kind: TensorType, bounds: tuple[int, int], scale: float, step: int = 1
) -> Threshold:
    """The operator that makes of the integers of type `kind` what `function` makes of them.

    bounds: what `function` gives lies within them, in steps of `step`; scale: of the result.
    Raises GraphError if that takes more than 255 thresholds a channel, or is no monotone function.
    """
    ends = function(_rows([kind.lo, kind.hi], kind.channels))
    lo, hi = bounds if step > 1 else (int(ends.min()), int(ends.max()))
    count = max(1, (hi - lo) // step)
    if count > MOST_THRESHOLDS:
        raise GraphError(
            f"takes {count} thresholds a channel, {MOST_THRESHOLDS} are supported",
            remedy="use at most 8 bits, or a scale that is the sums' scale times a power of two",
        )
    sign = np.where(ends[1] < ends[0], -1, 1)
    found = _bisect(function, sign, kind, lo + step * np.arange(1, count + 1))
    if (found == found[:1]).all() and (sign == sign[0]).all():
        found, sign = found[:1], sign[:1]
    op = Threshold(found, sign, lo, scale, step)
    _check(op, function, kind)
    return op


def _bisect(function: StepFunction, sign: Integers, kind: TensorType, levels: Integers) -> Integers:
    """(C, K): the lowest `sign * sum` whose integer is at least each of the K levels; one beyond its range if none."""
    ends = np.sort(np.stack([sign * kind.lo, sign * kind.hi]), axis=0)
    shape = (len(levels), kind.channels)
    low, high = np.broadcast_to(ends[0], shape), np.broadcast_to(ends[1] + 1, shape)
    for _ in range(int(kind.hi - kind.lo + 1).bit_length()):
        middle = (low + high) // 2
        open_ = low < high
        reached = function(np.clip(middle, *ends) * sign) >= levels[:, None]
        high = np.where(open_ & reached, middle, high)
        low = np.where(open_ & ~reached, middle + 1, low)
    assert (low == high).all()
    return low.T


def _check(op: Threshold, function: StepFunction, kind: TensorType) -> None:
    """Raises GraphError unless `op` is the function on both sides of its thresholds and all over the range."""
    edges = op.thresholds.T * op.sign
    edges = np.broadcast_to(edges, (len(edges), kind.channels))
    spread = _rows(np.linspace(kind.lo, kind.hi, SAMPLES).round().astype(np.int64), kind.channels)
    sums = np.clip(np.concatenate([edges - 1, edges, edges + 1, spread]), kind.lo, kind.hi)
    (expected,) = op.execute(sums[:, :, None, None])
    if (function(sums) != expected[:, :, 0, 0]).any():
        raise GraphError(
            "is no monotone function of the sums before it", remedy="only steps that rise, or fall, are thresholds"
        )


def _step_function(value: Activation, kind: TensorType, quantizer: Quantizer) -> StepFunction:
    nodes = [(step.rank, step_session(step)) for step in value.steps]
    rank = 2 if value.layout == "flat" else 4
    scale = np.broadcast_to(np.array(kind.scale), kind.channels)

    def function(sums: Integers) -> Integers:
        real = (sums * scale).astype(np.float32)
        for node_rank, session in nodes:
            (result,) = session.run(None, {"x": _as_rank(real, node_rank)})
            real = _as_matrix(result)
        return _as_matrix(quantizer.integers(_as_rank(real, rank)))

    return function


def _multiplied(factors: Reals, quantizer: Quantizer) -> StepFunction:
    """As ONNX Runtime's integer kernels: the sum as float32, times the factor, to the nearest even integer."""

    def function(sums: Integers) -> Integers:
        rounded = np.rint(sums.astype(np.float32) * factors)
        return np.clip(rounded, quantizer.lo, quantizer.hi).astype(np.int64)

    return function


def _as_rank(rows: Reals, rank: int) -> Reals:
    """(K, C) as a batch of vectors, or as one map (1, C, K) or (1, C, K, 1), on which nodes compute as on an image."""
    return rows if rank == 2 else np.ascontiguousarray(rows.T).reshape(1, rows.shape[1], -1, *[1] * (rank - 3))


def _as_matrix(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """The inverse of `_as_rank`."""
    return array if array.ndim == 2 else array.reshape(array.shape[1:3]).T


def step_session(step: Step) -> onnxruntime.InferenceSession:
    """The node alone, its activation called x, as QONNX's executor runs it."""
    node = onnx.NodeProto()
    node.CopyFrom(step.node)
    node.input[step.index] = "x"
    del node.output[1:]
    dims = ["K", "C"] if step.rank == 2 else [1, "C", "K", 1][: step.rank]
    graph = helper.make_graph(
        [node],
        "step",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in step.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", step.opset)], ir_version=IR_VERSION)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has a class for each of its reasons, none of them public
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise GraphError(
            f"ONNX Runtime does not run {step.node.op_type} ({reason})", remedy="export the file again"
        ) from None


def _rows(values: Sequence[int] | Integers, channels: int) -> Integers:
    """(K, C): every value in every channel."""
    return np.repeat(np.asarray(values, np.int64)[:, None], channels, axis=1)
