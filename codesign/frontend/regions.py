"""Regions of a file that map every element by itself: several nodes from one tensor to one result, as one function.

A quantizer written out in plain operators (Round, Floor, Clip; a search among thresholds in comparisons and look-ups;
the table of a function) has no node that says it. What the nodes make of the integers before them is run by ONNX
Runtime, as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from codesign.errors import GraphError, first_line
from codesign.frontend.domains import ONNX
from codesign.frontend.functions import IR_VERSION, as_matrix, as_rank

Array = NDArray[Any]
Values = Callable[[str], Array | None]
"""The constant of that name; None for what is computed."""

COMPARISONS = frozenset(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"))
ORDERINGS = COMPARISONS - {"Equal"}
STEPS = COMPARISONS | {"Cast", "Ceil", "Floor", "Gather", "Round", "Sign"}
"""Operators that make integers, or conditions, of real numbers, or numbers of a table."""
ELEMENTWISE = STEPS | frozenset(
    "Abs Add And Clip Div Identity Max Min Mul Neg Not Or Relu Sub Where Xor".split()  # noqa: SIM905
)
FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
INTEGERS: Mapping[int, Any] = {onnx.TensorProto.INT32: np.int32, onnx.TensorProto.INT64: np.int64}


def in_region(node: onnx.NodeProto) -> bool:
    """Whether `node` is of an operator that a region may have."""
    return node.domain == ONNX and node.op_type in ELEMENTWISE and len(node.output) == 1


def cast_to(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "to"), 0)


@dataclass(frozen=True, eq=False)
class Region:
    """nodes: in their order, from the tensor `source` to `result`, both of `shape`, batch included.

    element: the type of the source's elements; constants: of the nodes, by name. opset: of the file.
    """

    source: str
    result: str
    nodes: tuple[onnx.NodeProto, ...]
    constants: Mapping[str, Array]
    element: int
    shape: tuple[int, ...]
    opset: int

    def computed(self, node: onnx.NodeProto) -> list[str]:
        """The inputs of `node` that are no constants."""
        return [name for name in node.input if name and name not in self.constants]

    def check(self) -> None:
        """Raises GraphError unless every element of the result depends on its own of the source, and its channel."""
        rank = len(self.shape)
        for node in self.nodes:
            table = node.input[0] if node.op_type == "Gather" else ""
            if table and (table not in self.constants or self.constants[table].ndim != 1):
                raise GraphError(f"reads a table by computed places that is no list ({node.output[0]})")
            for name in node.input:
                array = self.constants.get(name)
                if array is None or name == table:
                    continue
                sizes = (*[1] * (rank - array.ndim), *array.shape)
                if len(sizes) != rank or any(size != 1 for axis, size in enumerate(sizes) if axis != 1):
                    raise GraphError(f"'{name}', of shape {array.shape}, is not one number, or one a channel")
                if sizes[1] not in (1, self.shape[1]):
                    raise GraphError(f"'{name}' spreads one channel over {sizes[1]}")

    def function(self, more: tuple[str, ...] = ()) -> Callable[[Array], list[Array]]:
        """From the source's elements (K, C) to those of the result, and of the tensors `more`, (K, C) each.

        Calls raise GraphError where a number does not fit the integers that it is cast to, or is none.
        """
        casts = [n for n in self.nodes if n.op_type == "Cast" and cast_to(n) in INTEGERS]
        cast_inputs = [n.input[0] for n in casts if n.input[0] != self.source]
        names = list(dict.fromkeys((self.result, *more, *cast_inputs)))
        session, rank = self._session(names), len(self.shape)
        dtype = helper.tensor_dtype_to_np_dtype(self.element)

        def run(elements: Array) -> list[Array]:
            given = as_rank(elements.astype(dtype), rank)
            found: dict[str, Array] = dict(zip(names, session.run(None, {self.source: given}), strict=True))
            found[self.source] = given
            for node in casts:
                _check_cast(found[node.input[0]], INTEGERS[cast_to(node)])
            wanted = [np.broadcast_to(found[name], given.shape) for name in (self.result, *more)]
            if wanted[0].dtype.kind == "f" and not np.isfinite(wanted[0]).all():
                raise GraphError("makes numbers that are not finite", remedy="clip before the function")
            return [as_matrix(array) for array in wanted]

        return run

    def _session(self, outputs: list[str]) -> onnxruntime.InferenceSession:
        every: list[str | int | None] = [1, "C", "K", 1]
        dims = ["K", "C"] if len(self.shape) == 2 else every[: len(self.shape)]
        graph = helper.make_graph(
            self.nodes,
            "region",
            [helper.make_tensor_value_info(self.source, self.element, dims)],
            [onnx.ValueInfoProto(name=name) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=IR_VERSION)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 4, 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has a class for each of its reasons, none of them public
            raise GraphError(
                f"ONNX Runtime does not run the nodes up to '{self.result}' ({first_line(error)})",
                remedy="export the file again",
            ) from None


def _check_cast(array: Array, dtype: Any) -> None:
    if array.dtype.kind != "f":
        return
    bounds = np.iinfo(dtype)
    if not (np.isfinite(array).all() and (array > bounds.min - 1.0).all() and (array < bounds.max + 1.0).all()):
        raise GraphError(f"casts numbers to {np.dtype(dtype)} that it does not hold", remedy="clip before the cast")


def monotone(region: Region) -> frozenset[str]:
    """Tensors that only rise, or only fall, with the source, whatever is rounded in between: chains of such nodes."""
    real, found = {region.source} if region.element in FLOATS else set(), {region.source}
    for node in region.nodes:
        (*computed,) = region.computed(node)
        if len(computed) != 1 or computed[0] not in found or not _keeps_order(region, node, computed[0] in real):
            continue
        found.add(node.output[0])
        if cast_to(node) in FLOATS or (node.op_type != "Cast" and computed[0] in real):
            real.add(node.output[0])
    return frozenset(found)


def _keeps_order(region: Region, node: onnx.NodeProto, real: bool) -> bool:
    """Whether the node rises, or falls, with its one computed input. real: whether that is floating-point."""
    constants = [region.constants[name] for name in node.input if name in region.constants]
    if node.op_type == "Cast":
        return cast_to(node) in FLOATS or cast_to(node) in INTEGERS
    if node.op_type == "Clip":
        return node.input[0] not in region.constants
    if node.op_type in ("Ceil", "Floor", "Identity", "Max", "Min", "Relu", "Round", "Sign"):
        return True
    finite = all(np.isfinite(array).all() for array in constants)
    if not real:  # sums and products of integers wrap around
        return node.op_type == "Mul" and all((np.abs(array) == 1).all() for array in constants)
    if node.op_type == "Div":
        return finite and node.input[0] not in region.constants and all(array.all() for array in constants)
    return finite and node.op_type in ("Add", "Mul", "Neg", "Sub")
