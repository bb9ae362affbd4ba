"""Walks an ONNX graph and keeps, for every tensor, what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.requantize import absorbed
from codesign.frontend.values import Activation, Constant, Step, Unquantized, Value
from codesign.graph import Op, TensorType
from codesign.plugins import load, names

Reader = Callable[["Importer", onnx.NodeProto], Value | tuple[Value, ...]]
"""Reads one ONNX node: returns what its outputs stand for."""

_OPS = "codesign.frontend.ops"


@cache
def readers() -> Mapping[str, Reader]:
    """Readers by ONNX operator, gathered from the `READERS` of every module in `codesign.frontend.ops`."""
    found: dict[str, Reader] = {}
    for name in names(_OPS):
        found |= load(_OPS, name).READERS
    return found


class Importer:
    """State of one import: the model, the values of its tensors, and the integer graph so far."""

    def __init__(self, model: ModelWrapper) -> None:
        self.model = model
        self.builder = Builder()
        self._values: dict[str, Value] = {}
        for tensor in model.graph.initializer:
            self._values[tensor.name] = Constant(onnx.numpy_helper.to_array(tensor))
        for tensor in model.graph.input:
            self._values.setdefault(tensor.name, Unquantized(tensor.name, self.shape(tensor.name)))

    def read(self, node: onnx.NodeProto) -> None:
        """Reads `node`, whose inputs have been read. Raises GraphError, naming the node."""
        where = f"node {node.name or node.output[0]}"
        if node.op_type not in readers():
            known = ", ".join(sorted(readers()))
            raise GraphError(f"operator '{node.op_type}' is not supported", where=where, remedy=f"supported: {known}")
        try:
            results = readers()[node.op_type](self, node)
        except GraphError as error:
            raise GraphError(error.what, where=error.where or where, remedy=error.remedy) from None
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            # Inputs or attributes that ONNX does not allow here.
            raise GraphError(f"is malformed ({error})", where=where, remedy="export the file again") from error
        values = results if isinstance(results, tuple) else (results,)
        self._values.update(zip(node.output, values, strict=True))

    def value(self, tensor: str) -> Value:
        """What `tensor` stands for. Raises GraphError if nothing before has produced it."""
        if tensor not in self._values:
            raise GraphError(f"tensor '{tensor}' is read before it is produced", remedy="export the file again")
        return self._values[tensor]

    def shape(self, tensor: str) -> tuple[int, ...]:
        """ONNX shape, batch included."""
        shape = self.model.get_tensor_shape(tensor)
        if not shape or min(shape) < 1:
            raise GraphError(f"the shape of '{tensor}' is not known", remedy="export with fixed sizes")
        return tuple(int(size) for size in shape)

    def type(self, value: Activation) -> TensorType:
        return self.builder.types[value.tensor]

    def constant(self, node: onnx.NodeProto, index: int) -> Constant | None:
        """Input `index`, which must be constant; None where the node leaves it out."""
        if index >= len(node.input) or not node.input[index]:
            return None
        value = self.value(node.input[index])
        if not isinstance(value, Constant):
            raise GraphError(f"input {index} of a {node.op_type} must be constant")
        return value

    def required(self, node: onnx.NodeProto, index: int) -> NDArray[Any]:
        """Values of the constant input `index`, which must be there."""
        constant = self.constant(node, index)
        if constant is None:
            raise GraphError(f"input {index} of a {node.op_type} is missing")
        return constant.value

    def activation(self, node: onnx.NodeProto, index: int = 0) -> Activation:
        """Input `index`, which must be computed from the graph's quantized input."""
        value = self.value(node.input[index])
        if isinstance(value, Unquantized):
            raise GraphError(
                f"input '{value.name}' is used before it is quantized", remedy="put a quantizer behind the input"
            )
        if not isinstance(value, Activation):
            raise GraphError(f"input {index} of a {node.op_type} must be an activation")
        return value

    def quantized(self, node: onnx.NodeProto, index: int = 0, layouts: tuple[str, ...] = ("map",)) -> Activation:
        """Input `index` as integers alone: no gain, offset or clip between it and the last quantizer."""
        value = absorbed(self.builder, self.activation(node, index))
        if value.clipped:
            raise GraphError(
                f"input {index} of a {node.op_type} is the result of an activation function without a quantizer",
                remedy="put a quantizer after the activation function",
            )
        if value.layout not in layouts:
            raise GraphError(f"a {node.op_type} of a reshaped tensor is not supported")
        return value

    def step(self, node: onnx.NodeProto, index: int = 0) -> Step:
        """`node`, whose other inputs are constant, as a step from its input `index`."""
        others = [name for i, name in enumerate(node.input) if i != index and name]
        constants = {name: value.value for name in others if isinstance(value := self.value(name), Constant)}
        return Step(node, index, constants, len(self.shape(node.output[0])))

    def emit(self, op: Op, inputs: list[Activation], node: onnx.NodeProto, layout: str = "map") -> Activation:
        """Appends a block with one output and returns it."""
        (tensor,) = self.builder.add(op, [value.tensor for value in inputs], node, [node.output[0]])
        return Activation(tensor, layout, origin=node.output[0])

    def emit_layer(
        self, op: Op, inputs: list[Activation], node: onnx.NodeProto, offset: NDArray[Any] | None, layout: str = "map"
    ) -> Activation:
        """As `emit`, for a layer whose node adds `offset` (C,) as well, if any: that is left to the next quantizer."""
        if offset is None:
            return self.emit(op, inputs, node, layout)
        (tensor,) = self.builder.add(op, [value.tensor for value in inputs], node, [None])
        result, rank = node.output[0], len(self.shape(node.output[0]))
        term = np.asarray(offset, np.float32).reshape((-1, 1, 1) if rank == 4 else (-1,))
        add = onnx.helper.make_node("Add", [f"{result}/sum", f"{result}/offset"], [result])
        return Activation(tensor, layout).affine(np.ones(1), offset, Step(add, 0, {add.input[1]: term}, rank), result)


def attributes(node: onnx.NodeProto, **defaults: Any) -> dict[str, Any]:
    """Attributes of `node` by name, text decoded, over `defaults`."""
    given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return defaults | {name: v.decode() if isinstance(v, bytes) else v for name, v in given.items()}


def as_reals(array: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(array, dtype=np.float64)
