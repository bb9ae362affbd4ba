"""Walks the operators of a TFLite file and keeps, for every tensor, what it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.naming import Place, one_part
from codesign.frontend.tflite.model import AGAIN, FULL_INTEGER, Model, Operator, Tensor
from codesign.frontend.tflite.parse import TYPES
from codesign.frontend.tflite.reader import reader_of
from codesign.frontend.tflite.rescaling import Code
from codesign.frontend.tflite.tail import TailNodes
from codesign.frontend.tflite.values import Codes, Fed, Hosted, Padded, Value
from codesign.graph import Op, TensorType
from codesign.graph.types import Shape
from codesign.graph.windows import Pads

LATER = "put it where no layer follows"


class Importer:
    """State of one import: the model, the values of its tensors, and the integer graph so far."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.builder = Builder()
        self.tail = TailNodes()
        self._values: dict[int, Value] = {i: Fed(i, model.tensors[i].shape) for i in model.inputs}

    def read(self, operator: Operator) -> None:
        """Reads `operator`, whose inputs have been read. Raises GraphError, naming the operator."""
        where = self.model.where(operator)
        try:
            value: Value | tuple[Value, ...] = reader_of(operator).read(self, operator)
        except GraphError as error:
            raise GraphError(error.what, where=error.where or where, remedy=error.remedy) from None
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            raise GraphError(f"is malformed ({error})", where=where, remedy=AGAIN) from error
        values = value if isinstance(value, tuple) else (value,)
        self._values.update(zip(operator.outputs, values, strict=True))

    def value(self, index: int) -> Value:
        """What the tensor stands for. Raises GraphError if nothing before has produced it."""
        if index not in self._values:
            name = "left out" if index < 0 else f"'{self.model.tensors[index].name}'"
            raise GraphError(f"reads a tensor that is not computed before ({name})", remedy=AGAIN)
        return self._values[index]

    def tensor(self, operator: Operator, index: int) -> Tensor:
        """Input `index` of `operator` as the file has it. Raises GraphError if it is left out."""
        if index >= len(operator.inputs) or operator.inputs[index] < 0:
            raise GraphError(f"input {index} of {operator.kind} is missing", remedy=AGAIN)
        return self.model.tensors[operator.inputs[index]]

    def constant(self, operator: Operator, index: int, kind: str) -> Tensor:
        """Input `index`, which must be a constant of type `kind`."""
        tensor = self.tensor(operator, index)
        if tensor.data is None:
            raise GraphError(f"input {index} of {operator.kind} must be constant", remedy=FULL_INTEGER)
        if tensor.type != kind:
            raise GraphError(f"input {index} of {operator.kind} is {tensor.type}, not {kind}", remedy=FULL_INTEGER)
        return tensor

    def result(self, operator: Operator) -> Tensor:
        """The output of `operator` as the file has it."""
        return self.model.tensors[operator.outputs[0]]

    def codes(self, operator: Operator, index: int = 0) -> Codes:
        """Input `index` as integers of the graph. Raises GraphError where it is none."""
        value = self.value(operator.inputs[index])
        if isinstance(value, Fed):
            value = self.fed(value)
        if isinstance(value, Hosted):
            raise value.reason
        if isinstance(value, Padded):
            raise GraphError("reads a map with a border", remedy="pad before convolutions and poolings only")
        if value.real:
            raise GraphError(f"{operator.kind} computes with real numbers", remedy=FULL_INTEGER)
        return value

    def map(self, operator: Operator, index: int = 0) -> Codes:
        """Input `index` as a map (1, H, W, C)."""
        value = self.codes(operator, index)
        if len(value.shape) != 4:
            raise GraphError(f"reads the shape {list(value.shape)}", remedy="give it a map (1, H, W, C)")
        return value

    def bordered(self, operator: Operator) -> tuple[Codes, Pads]:
        """The first input as a map, and the border that a PAD before gives it."""
        value = self.value(operator.inputs[0])
        return (value.x, value.pads) if isinstance(value, Padded) else (self.map(operator), (0, 0, 0, 0))

    def fed(self, value: Fed) -> Codes:
        """The network's input as integers of the graph."""
        tensor = self.model.tensors[value.index]
        return self.declared(value, code_of(tensor), tensor)

    def declared(self, value: Fed, code: Code, origin: Tensor) -> Codes:
        """The network's input as integers that its tensor `origin` holds as `code`."""
        lo, hi = code.bounds
        kind = TensorType(graph_shape(value.shape), lo, hi, (code.scale,))
        name = self.model.tensors[value.index].name
        return Codes(self.builder.input(name, kind, origin.name), code, value.shape)

    def kind(self, value: Codes) -> TensorType:
        return self.builder.types[value.tensor]

    def add(self, op: Op, inputs: Sequence[str], operator: Operator, final: bool = False) -> str:
        """Appends a block made from `operator`; final: whether it gives the output of that."""
        origin = self.result(operator).name if final else None
        return self.builder.add(op, inputs, self.place(operator), [origin])[0]

    def computed(self, operator: Operator, tensor: str) -> Codes:
        """The output of `operator`, which is `tensor` of the graph. Raises GraphError if the file has another shape."""
        result = self.result(operator)
        value = Codes(tensor, code_of(result), result.shape)
        channels, height, width = self.kind(value).shape
        mapped = (1, height, width, channels)
        if result.shape != mapped and (
            prod(mapped[:3]) > 1 or result.shape[-1:] != (channels,) or prod(result.shape) != channels
        ):
            raise GraphError(f"has the shape {list(mapped)}, not {list(result.shape)}", remedy=AGAIN)
        return value

    def emit(self, op: Op, inputs: Sequence[Codes], operator: Operator) -> Codes:
        """Appends the block that `operator` becomes, and gives its output."""
        return self.computed(operator, self.add(op, [value.tensor for value in inputs], operator, final=True))

    def place(self, operator: Operator) -> Place:
        """Where in the network it stands: the scopes of its output's name, the first of several in it."""
        first, *_ = self.result(operator).name.split(";")
        scopes = first.strip("/").split("/")
        parts = (one_part(scope) for scope in (scopes[:-1] or scopes))
        return Place(".".join(part for part in parts if part))


def code_of(tensor: Tensor) -> Code:
    """How the file writes a tensor of integers. Raises GraphError for what is no tensor of 8-bit codes of one scale."""
    where = f"tensor {tensor.name}"
    if tensor.type == "FLOAT32":
        raise GraphError("holds real numbers", where=where, remedy=FULL_INTEGER)
    if tensor.type not in ("INT8", "UINT8"):
        raise GraphError(f"is {tensor.type}", where=where, remedy=FULL_INTEGER)
    if len(tensor.scales) != 1:
        what = f"has {len(tensor.scales)} scales" if tensor.scales else "has no scale"
        raise GraphError(what, where=where, remedy="quantize activations with one scale each")
    bounds = np.iinfo(TYPES[tensor.type])
    (zero,) = tensor.zeros
    if not bounds.min <= zero <= bounds.max:
        raise GraphError(f"has the zero point {zero}", where=where, remedy=AGAIN)
    return Code(tensor.scales[0], zero, int(bounds.min), int(bounds.max))


def graph_shape(shape: tuple[int, ...]) -> Shape:
    """(C, H, W) of (1, H, W, C), (1, W, C) or (1, C). Raises GraphError for others."""
    if not 2 <= len(shape) <= 4 or shape[0] != 1:
        raise GraphError(
            f"has the shape {list(shape)}", remedy="convert it with (1, H, W, C), (1, W, C) or (1, features)"
        )
    height, width = [1, 1, *shape[1:-1]][-2:]
    return shape[-1], height, width
