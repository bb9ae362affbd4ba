"""Walks an ONNX graph and keeps, for every tensor, what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from codesign.errors import GraphError
from codesign.frontend.builder import Builder
from codesign.frontend.domains import opset_of
from codesign.frontend.folding import fold
from codesign.frontend.inputs import InputType
from codesign.frontend.naming import place_of
from codesign.frontend.reader import Reader, refuse_undeclared
from codesign.frontend.refusal import RefusalError, placed
from codesign.frontend.regions import COMPARISONS, in_region
from codesign.frontend.registry import reader_of
from codesign.frontend.requantize import absorbed
from codesign.frontend.spreading import spread
from codesign.frontend.sums import negated
from codesign.frontend.tail import for_the_host
from codesign.frontend.values import Activation, Constant, Host, Joined, Step, Sum, Unquantized, Value
from codesign.graph import Op, TensorType
from codesign.graph.ops.add import Add
from codesign.graph.types import Shape

MOVING = frozenset(
    "Concat DepthToSpace Expand Flatten MaxPool Pad Reshape Resize Slice Split Squeeze Transpose Unsqueeze".split()  # noqa: SIM905
)
"""Operators that only move or pick values, of whatever function: behind them, it is known no more what they were."""


class Importer:
    """State of one import: the model, the values of its tensors, and the integer graph so far.

    kinds: what the file says of inputs, by name. refused: tensors of which it is known why they are not read.
    resolve: finds what a tensor that several plain nodes lead to stands for, see `codesign.frontend.on_grid`.
    """

    def __init__(
        self,
        model: ModelWrapper,
        kinds: Mapping[str, InputType] = MappingProxyType({}),
        refused: Mapping[str, GraphError] = MappingProxyType({}),
        resolve: Callable[[Importer, str], Activation | None] = lambda importer, name: None,
    ) -> None:
        self.model = model
        self._refused, self._resolve = refused, resolve
        self._made: dict[str, Activation] = {}
        self.opset = opset_of(model.model)
        self.builder = Builder()
        self._read = {name for node in model.graph.node for name in node.input}
        self._read |= {value.name for value in model.graph.output}
        self._producers = {name: node for node in model.graph.node for name in node.output if name}
        typed = (*model.graph.value_info, *model.graph.input, *model.graph.output)
        self._elements: dict[str, int] = {value.name: value.type.tensor_type.elem_type for value in typed}
        self._unread: dict[str, GraphError | None] = {}
        self._values: dict[str, Value] = {}
        for tensor in model.graph.initializer:
            self._values[tensor.name] = Constant(numpy_helper.to_array(tensor))
        for tensor in model.graph.input:
            value = Unquantized(tensor.name, self.shape(tensor.name), kinds.get(tensor.name))
            self._values.setdefault(tensor.name, value)

    def read(self, node: onnx.NodeProto) -> None:
        """Reads `node`, whose inputs have been read.

        What is refused may still be for the host, if nothing behind it is for the hardware. Raises GraphError, naming
        the node, where it is not.
        """
        where = f"node {node.name or next(iter(node.output), node.op_type)}"
        try:
            self._refuse_known(node)
            reader, known = reader_of(node, self.opset)
            refuse_undeclared(reader, known, node, self._read)
            results = self._results(reader, node)
        except GraphError as error:
            reason = placed(error, where, next(iter(node.output), ""))
            if not (for_the_host(node) or in_region(node)):
                raise reason from None
            for name in filter(None, node.input):
                self.value(name)  # what nothing has produced, no host can compute with
            results = (Host(reason),) * len(node.output)
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            # Inputs or attributes that ONNX does not allow here.
            raise GraphError(f"is malformed ({error})", where=where, remedy="export the file again") from error
        self._values.update(zip(node.output, results, strict=False))

    def _refuse_known(self, node: onnx.NodeProto) -> None:
        """Raises GraphError if the node is known to be refused, or an input of it is the host's."""
        extends = in_region(node) and self._extends(node)
        for name in node.input:
            value = self._values.get(name)
            if isinstance(value, Host):
                resolved = None if extends else self.resolved(name)
                if resolved is None:
                    raise self._unread.get(name) or value.reason
            elif isinstance(value, Activation) and value.opaque and node.op_type in MOVING:
                self.resolved(name)
        for output in node.output:
            if output in self._refused:
                raise self._refused[output]

    def _extends(self, node: onnx.NodeProto) -> bool:
        """Whether `node` goes on computing with one tensor, or with conditions and places of such."""
        moving = [name for name in node.input if name and not isinstance(self._values.get(name), Constant)]
        return (
            len(moving) == 1
            or node.op_type in COMPARISONS
            or any(self.element(name) != onnx.TensorProto.FLOAT for name in moving)
        )

    def resolved(self, name: str) -> Activation | None:
        """`name` as integers where plain operators with steps lead to it, from now on; None if they do not."""
        if name in self._unread:
            return None
        node = self._producers.get(name)
        try:
            found = self._resolve(self, name)
        except GraphError as error:
            self._unread[name] = placed(error, f"node {node.name or name}" if node else "", name)
            return None
        if found is None:
            self._unread[name] = None
        else:
            self._values[name] = found
        return found

    def producer(self, tensor: str) -> onnx.NodeProto | None:
        """The node that gives `tensor`."""
        return self._producers.get(tensor)

    def element(self, tensor: str) -> int:
        """The type of the file's elements of `tensor`; that of real numbers where it is not known."""
        return self._elements.get(tensor, onnx.TensorProto.FLOAT)

    def _results(self, reader: Reader, node: onnx.NodeProto) -> tuple[Value, ...]:
        """What the outputs that `reader` gives stand for."""
        inputs = [self.value(name) for name in node.input if name]
        for name, value in zip(filter(None, node.input), inputs, strict=True):
            if isinstance(value, Constant):
                check_numbers(name, value.value, reader.infinite, np.float32 if value.scale is None else np.float64)
        if inputs and not reader.constants and all(isinstance(value, Constant) for value in inputs):
            arrays = {name: self.required(node, i) for i, name in enumerate(node.input) if name}
            return tuple(Constant(array) for array in fold(node, arrays, self.opset))
        results = reader.read(self, node)
        values = results if isinstance(results, tuple) else (results,)
        if len(values) != (len(node.output) if reader.outputs is None else reader.outputs):
            raise GraphError(f"{node.op_type} with {len(node.output)} outputs is malformed")
        return values

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
        """Input `index`, which must be computed from the graph's integers."""
        value = self.value(node.input[index])
        if isinstance(value, Unquantized):
            value = self.declared(value)
        if isinstance(value, Sum) and (total := self._added(value, node.input[index])) is not None:
            return total
        if isinstance(value, Joined | Sum):
            raise RefusalError(
                "reads tensors of different scales that are put together",
                remedy="put a quantizer between them",
                rewrite="insert_quantizer",
                tensor=node.input[index],
            )
        if not isinstance(value, Activation):
            raise GraphError(f"input {index} of a {node.op_type} must be an activation")
        return value

    def once(self, tensor: str, make: Callable[[], Activation]) -> Activation:
        """What `make` makes of the integers `tensor` of the file, made once however many nodes read them."""
        if tensor not in self._made:
            self._made[tensor] = make()
        return self._made[tensor]

    def _added(self, value: Sum, name: str) -> Activation | None:
        """The sum of two tensors of one scale as integers of the graph; None where that needs a quantizer."""
        kinds = [self.type(part) for part in value.parts]
        if kinds[0].scale != kinds[1].scale or len(kinds[0].scale) > 1:
            return None
        first, second = (part.tensor for part in value.parts)
        place = place_of(value.node)
        if value.negative:
            second = negated(self.builder, second, place)
        total = self.once(name, lambda: Activation(self.builder.add(Add(), [first, second], place, [None])[0]))
        return replace(total, layout=value.parts[0].layout, lo=value.lo, hi=value.hi, steps=value.steps)

    def declared(self, value: Unquantized) -> Activation:
        """An input whose integers the file says. Raises GraphError where it does not."""
        if value.kind is None:
            raise RefusalError(
                f"input '{value.name}' is used before it is quantized, and nothing says which integers it takes",
                remedy=f"say it: --input {value.name}=uint8, or uint8/255, int8, bipolar, fixed<W,I>",
                rewrite="quantize_input",
                tensor=value.name,
            )
        tensor = self.builder.input(value.name, value.kind.tensor(shape_of(value)), value.name)
        return Activation(tensor, value.layout, origin=value.name)

    def quantized(self, node: onnx.NodeProto, index: int = 0, layouts: tuple[str, ...] = ("map",)) -> Activation:
        """Input `index` as integers alone: no gain, offset or clip between it and the last quantizer."""
        before = self.activation(node, index)
        if before.opaque:
            before = self.resolved(node.input[index]) or before
        try:
            value = absorbed(self.builder, before)
        except GraphError as error:
            raise RefusalError(
                error.what, remedy=error.remedy, rewrite="insert_quantizer", tensor=node.input[index]
            ) from None
        if value.clipped:
            raise RefusalError(
                f"input {index} of a {node.op_type} is the result of an activation function without a quantizer",
                remedy="put a quantizer after the activation function",
                rewrite="insert_quantizer",
                tensor=node.input[index],
            )
        if value.layout == "expanded" and "map" in layouts and "expanded" not in layouts and value.sizes:
            value = spread(self.builder, value, value.sizes, node)
        if value.layout not in layouts:
            raise GraphError(f"a {node.op_type} of a reshaped tensor is not supported")
        return value

    def factored(
        self, node: onnx.NodeProto, index: int = 0, layouts: tuple[str, ...] = ("map",)
    ) -> tuple[Activation, float]:
        """Input `index` as `quantized`, but for a positive factor of all values, which a layer's weights take."""
        value = self.activation(node, index)
        plain = not (value.opaque or value.clipped) and (value.offset is None or not value.offset.any())
        if plain and value.gain is not None and value.gain.size == 1 and value.gain[0] > 0 and value.layout in layouts:
            with suppress(GraphError):
                return absorbed(self.builder, value), 1.0
            return replace(value, gain=None, offset=None, steps=(), origin=None), float(value.gain[0])
        return self.quantized(node, index, layouts), 1.0

    def step(self, node: onnx.NodeProto, index: int = 0) -> Step:
        """`node`, whose other inputs are constant, as a step from its input `index`."""
        others = [name for i, name in enumerate(node.input) if i != index and name]
        value = self.value(node.input[index])
        if isinstance(value, Activation) and value.elsewhere and any(np.prod(self.shape(name)) > 1 for name in others):
            raise GraphError(f"a {node.op_type} of a transposed map is not supported")
        constants = {name: value.single for name in others if isinstance(value := self.value(name), Constant)}
        return Step(node, index, constants, len(self.shape(node.output[0])), self.opset)

    def rising(self, node: onnx.NodeProto, index: int = 0) -> Activation:
        """Input `index` with all that scales, shifts and clips it, for an operator that picks values before that.

        Raises GraphError where a channel's order is not that of its integers.
        """
        value = self.activation(node, index)
        if value.layout == "map" and value.gain is not None and not value.opaque and (value.gain > 0).all():
            return value
        return self.quantized(node, index)

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
        term = np.asarray(offset, np.float32).reshape(-1, *[1] * (rank - 2))
        add = onnx.helper.make_node("Add", [f"{result}/sum", f"{result}/offset"], [result])
        return Activation(tensor, layout).affine(
            np.ones(1), offset, Step(add, 0, {add.input[1]: term}, rank, self.opset), result
        )


def shape_of(value: Unquantized) -> Shape:
    """(C, H, W) of an input. Raises GraphError for shapes that are no batch of one map or vector."""
    batch, *sizes = value.shape
    if batch != 1 or not 1 <= len(sizes) <= 3:
        raise GraphError(
            f"input '{value.name}' has shape {value.shape}",
            remedy="export with (1, C, H, W), (1, C, W) or (1, features)",
        )
    channels, *rest = sizes
    height, width = [1, 1, *rest][-2:]
    return channels, height, width


def as_reals(array: NDArray[Any]) -> NDArray[np.float64]:
    """Raises GraphError unless they are floating-point numbers."""
    if array.dtype.kind != "f":
        raise GraphError(f"{array.dtype} numbers stand where real ones must", remedy="export the network in float32")
    return np.asarray(array, dtype=np.float64)


def check_numbers(name: str, array: NDArray[Any], infinite: bool = False, widest: type[Any] = np.float32) -> None:
    """Raises GraphError naming the constant if it holds NaN, or infinities where not `infinite`, or floating-point
    numbers that are neither float32 nor `widest`."""
    if array.dtype.kind in "iub":
        return
    if array.dtype not in (np.float32, widest):
        raise GraphError(f"'{name}' holds {array.dtype} numbers", remedy="export the network in float32")
    found = "NaN" if np.isnan(array).any() else "an infinite number" if np.isinf(array).any() else ""
    if found == "NaN" or (found and not infinite):
        raise GraphError(f"'{name}' holds {found}", remedy="train again with finite values")
