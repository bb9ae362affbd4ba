"""Maps whose channels come last, as maps whose channels come first: what TensorFlow, Keras and their converters write.

A Transpose is no work but a way to name the axes of a map. It is put off: it travels along the nodes that do not care
which axis is which, whose axes and constants are renamed, until it meets its inverse. Where a node does care, such as a
Reshape, it is written out before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper

from codesign.errors import GraphError
from codesign.frontend.domains import SCALED, opset_of
from codesign.frontend.folding import infer_shapes
from codesign.frontend.inputs import network_inputs
from codesign.frontend.load import simplified
from codesign.frontend.reader import attributes
from codesign.frontend.slices import BOUNDS_AS_INPUTS

Order = tuple[int, ...]
"""For every axis of a tensor in the file, the axis that it is here."""

FIRST = "/channels_first"
"""Ending of the name of an output whose axes are others in the file: the file's name is that of what it has there."""

ELEMENTWISE = frozenset(
    """
    Abs Add And Atan Asinh Cast Ceil Celu Clip Cos DequantizeLinear Div Dropout Elu Equal Erf Exp Floor Gelu Greater
    GreaterOrEqual HardSigmoid HardSwish Identity LeakyRelu Less LessOrEqual Log Max Min Mish Mul Neg Not Or PRelu Pow
    QuantizeLinear Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Swish Tanh
    ThresholdedRelu Where Quant IntQuant BipolarQuant Trunc
    """.split()  # noqa: SIM905
)
"""Operators that map every value by itself, their operands broadcast."""
REDUCING = frozenset("ReduceMean ReduceSum ReduceMax ReduceMin Squeeze".split())  # noqa: SIM905
AXES_AS_INPUT = {"ReduceMean": 18, "ReduceMax": 18, "ReduceMin": 18, "ReduceSum": 13, "Squeeze": 13}
"""The first opsets of operators whose axes are an input."""


@dataclass(frozen=True, eq=False)
class ChannelsFirst:
    """model: with channels first. orders: of the tensors that have other axes in the file, by their names there."""

    model: ModelWrapper
    orders: Mapping[str, Order]

    def name(self, tensor: str) -> str:
        """What the tensor of the file is called in `model`, its axes as they are there."""
        return tensor + FIRST if tensor in self.orders and self.model.get_tensor_shape(tensor + FIRST) else tensor


def channels_first(model: ModelWrapper) -> ChannelsFirst:
    """`model`, constants folded and all shapes known, with transposes where they cannot be done without."""
    if not any(map(_may_move, model.graph.node)):
        return ChannelsFirst(model, {})
    mover = _Mover(model)
    for node in model.graph.node:
        mover.take(node)
    return mover.finish()


def orders_of(model: onnx.ModelProto) -> Mapping[str, Order]:
    """The orders of those tensors of a file that have other axes there than in its graph."""
    return channels_first(simplified(model)).orders if any(map(_may_move, model.graph.node)) else {}


def _may_move(node: onnx.NodeProto) -> bool:
    return node.op_type in ("Transpose", "MultiThreshold", "MatMul")


def in_file(values: np.ndarray, shape: Sequence[int], order: Order | None) -> np.ndarray:
    """A tensor as it is here with the axes, and the shape, that it has in the file."""
    if order is None:
        return values.reshape(shape)
    return values.reshape([shape[axis] for axis in _inverse(order)]).transpose(order)


def from_file(values: np.ndarray, order: Order | None) -> np.ndarray:
    """A tensor of the file, with its axes as they are here."""
    return values if order is None else values.transpose(_inverse(order))


class _Mover:
    """orders: of tensors of the file that have other axes there; their names in the new model are in `_names`."""

    def __init__(self, model: ModelWrapper) -> None:
        self.model = model
        self.orders: dict[str, Order] = {}
        self.nodes: list[onnx.NodeProto] = []
        self._names: dict[str, str] = {}
        self._written: set[str] = set()
        self._outputs = {value.name for value in model.graph.output}
        self._constants = {tensor.name for tensor in model.graph.initializer}
        self._new: list[tuple[str, np.ndarray]] = []
        self._inputs = {}
        for value in network_inputs(model.graph):
            order = _input_order(model, value.name)
            if order is not None:
                self.orders[value.name] = order
                self._inputs[value.name] = order

    def take(self, node: onnx.NodeProto) -> None:
        if all(name in self._constants for name in node.input if name):
            self._constants.update(node.output)
            self.nodes.append(node)
        elif node.op_type == "Transpose":
            self._transpose(node)
        elif not self._moved(node):
            self._as_it_is(node)

    def _moved(self, node: onnx.NodeProto) -> bool:
        """Takes a node whose axes are renamed; False where it cannot be."""
        if node.op_type == "MatMul":
            return self._pointwise(node)
        if node.op_type == "MultiThreshold":
            return self._thresholds(node)
        order = self._order_of(node)
        if order is None:
            return False
        if node.op_type in ELEMENTWISE or node.op_type == "Concat":
            return self._elementwise(node, order)
        if node.op_type in ("Split", "Slice"):
            return self._along(node, order)
        if node.op_type in REDUCING:
            return self._reduced(node, order)
        if node.op_type in ("Pad", "Resize", "Upsample"):
            return self._resized(node, order)
        return False

    def _order_of(self, node: onnx.NodeProto) -> Order | None:
        """That of the first operand which has one, if it has as many axes as the largest operand."""
        ranks = [len(self._shape(name)) for name in node.input if name and name not in self._constants]
        found = [self.orders[name] for name in node.input if name in self.orders]
        return found[0] if found and len(found[0]) == max(ranks) else None

    def _transpose(self, node: onnx.NodeProto) -> None:
        (x,), (y,) = node.input, node.output
        rank = len(self._shape(x))
        before = self.orders.get(x, tuple(range(rank)))
        order = tuple(before[axis] for axis in attributes(node, perm=list(range(rank))[::-1])["perm"])
        self._names[y] = self._name(x)
        if order != tuple(range(rank)):
            self.orders[y] = order
        elif y in self._outputs:
            self._names[y] = y
            self.nodes.append(helper.make_node("Identity", [self._name(x)], [y], node.name))

    def _as_it_is(self, node: onnx.NodeProto) -> None:
        """The node, with its operands' axes as they are in the file."""
        same = onnx.NodeProto()
        same.CopyFrom(node)
        same.input[:] = [self._in_file(name) for name in node.input]
        self.nodes.append(same)

    def _in_file(self, name: str) -> str:
        """The tensor with the axes that it has in the file."""
        if name not in self.orders:
            return self._name(name)
        written = name if self._name(name) != name else f"{name}/in_file"
        if written not in self._written:
            self._written.add(written)
            self.nodes.append(
                helper.make_node("Transpose", [self._name(name)], [written], written, perm=self.orders[name])
            )
        return written

    def _elementwise(self, node: onnx.NodeProto, order: Order) -> bool:
        inputs = []
        for index, name in enumerate(node.input):
            operand = self._operand(node, index, name, order)
            if operand is None:
                return False
            inputs.append(operand)
        changed = {"axis": order[_axis(node, len(order))]} if node.op_type in (*SCALED, "Concat") else {}
        self._add(node, inputs, changed, order)
        return True

    def _operand(self, node: onnx.NodeProto, index: int, name: str, order: Order) -> str | None:
        """An operand with its axes renamed; None if that takes more than a Transpose."""
        if not name or (index and node.op_type in SCALED):
            return name
        shape = self._shape(name)
        if np.prod(shape) == 1:
            return self._name(name)
        if name in self._constants:
            return self._constant(name, shape, order)
        if len(shape) != len(order):
            return None
        before = self.orders.get(name, tuple(range(len(order))))
        return self._turned(name, tuple(before[axis] for axis in _inverse(order)), f"{node.output[0]}/operand_{index}")

    def _turned(self, name: str, perm: Order, output: str) -> str:
        if perm == tuple(range(len(perm))):
            return self._name(name)
        self.nodes.append(helper.make_node("Transpose", [self._name(name)], [output], output, perm=perm))
        return output

    def _constant(self, name: str, shape: Sequence[int], order: Order) -> str:
        """A constant that is broadcast to the operands' axes, with these renamed."""
        full = [1] * (len(order) - len(shape)) + list(shape)
        array = self.model.get_initializer(name)
        output = f"{name}/{'_'.join(map(str, order))}"
        if output in self._constants:
            return output
        self._constants.add(output)
        if array is not None:
            self._new.append((output, np.ascontiguousarray(array.reshape(full).transpose(_inverse(order)))))
            return output
        shaped, sizes = f"{output}/shaped", f"{output}/sizes"
        self._new.append((sizes, np.array(full, np.int64)))
        self._constants.update((shaped, sizes))
        self.nodes.append(helper.make_node("Reshape", [name, sizes], [shaped], shaped))
        self.nodes.append(helper.make_node("Transpose", [shaped], [output], output, perm=_inverse(order)))
        return output

    def _along(self, node: onnx.NodeProto, order: Order) -> bool:
        """Split and Slice."""
        inputs, changed = [self._name(node.input[0]), *node.input[1:]], dict[str, object]()
        if node.op_type == "Split":
            changed["axis"] = order[_axis(node, len(order))]
        elif opset_of(self.model.model) < BOUNDS_AS_INPUTS:
            given = attributes(node)
            axes = given.get("axes", list(range(len(given["starts"]))))
            changed["axes"] = [order[axis] for axis in axes]
        else:
            starts, axes = (self._value(node, index) for index in (1, 3))
            if starts is None:
                return False
            axes = np.arange(len(starts)) if axes is None else axes
            inputs[3:4] = [self._made(node, "axes", np.array([order[axis] for axis in axes], np.int64))]
        self._add(node, inputs, changed, order)
        return True

    def _reduced(self, node: onnx.NodeProto, order: Order) -> bool:
        """Reductions and Squeeze, whose result may have fewer axes."""
        rank, as_input = len(order), opset_of(self.model.model) >= AXES_AS_INPUT[node.op_type]
        axes = self._value(node, 1) if as_input else attributes(node).get("axes")
        if axes is None:
            return False
        over = [int(axis) % rank for axis in axes]
        renamed = sorted(order[axis] for axis in over)
        inputs, changed = [self._name(node.input[0])], dict[str, object]()
        if as_input:
            inputs.append(self._made(node, "axes", np.array(renamed, np.int64)))
        else:
            changed["axes"] = renamed
        if node.op_type == "Squeeze" or not attributes(node, keepdims=1)["keepdims"]:
            left = [axis for axis in range(rank) if axis not in renamed]
            order = tuple(left.index(order[axis]) for axis in range(rank) if axis not in over)
        self._add(node, inputs, changed, order)
        return True

    def _resized(self, node: onnx.NodeProto, order: Order) -> bool:
        """Pad, Resize and Upsample, whose second and further inputs have a number, or two, for each axis."""
        if node.op_type == "Pad" and opset_of(self.model.model) < 11:
            return False
        if "axes" in attributes(node) or (node.op_type == "Pad" and len(node.input) > 3):
            return False
        inputs, inverse = [self._name(node.input[0])], _inverse(order)
        for index, name in enumerate(node.input[1:], 1):
            values = self._value(node, index)
            if name and values is None and (name not in self._constants or np.prod(self._shape(name)) > 1):
                return False
            if values is not None and values.size in (len(order), 2 * len(order)):
                rows = values.reshape(-1, len(order))[:, list(inverse)]
                name = self._made(node, f"input_{index}", np.ascontiguousarray(rows.reshape(-1)))
            inputs.append(name)
        self._add(node, inputs, {}, order)
        return True

    def _thresholds(self, node: onnx.NodeProto) -> bool:
        """A MultiThreshold of channels that come last."""
        if attributes(node, data_layout="NCHW")["data_layout"] != "NHWC":
            return False
        order = _channels_last(len(self._shape(node.input[0])))
        self._add(node, [self._with_order(node, order), *node.input[1:]], {"data_layout": "NCHW"}, order)
        return True

    def _pointwise(self, node: onnx.NodeProto) -> bool:
        """The product of every pixel's channels, which come last, with a matrix: a convolution of 1x1."""
        x, weight = node.input
        if weight not in self._constants or len(self._shape(weight)) != 2 or len(self._shape(x)) != 4:
            return False
        order = _channels_last(len(self._shape(x)))
        inputs, outputs = self._shape(weight)
        turned, filters, sizes = (f"{node.output[0]}/{name}" for name in ("matrix", "filters", "sizes"))
        self._new.append((sizes, np.array([outputs, inputs, 1, 1], np.int64)))
        self._constants.update((turned, filters, sizes))
        self.nodes.append(helper.make_node("Transpose", [weight], [turned], turned, perm=[1, 0]))
        self.nodes.append(helper.make_node("Reshape", [turned, sizes], [filters], filters))
        like = helper.make_node("Conv", [x, filters], node.output, node.name, kernel_shape=[1, 1])
        like.metadata_props.extend(node.metadata_props)
        self._add(like, [self._with_order(node, order), filters], {}, order)
        return True

    def _with_order(self, node: onnx.NodeProto, order: Order) -> str:
        """The first operand with the axes that `order` makes of its own in the file."""
        found = self._operand(node, 0, node.input[0], order)
        assert found is not None
        return found

    def _add(self, like: onnx.NodeProto, inputs: list[str], changed: Mapping[str, object], order: Order) -> None:
        """A node like another, whose results have `order` in the file."""
        node = onnx.NodeProto()
        node.CopyFrom(like)
        node.input[:] = inputs
        kept = [attribute for attribute in like.attribute if attribute.name not in changed]
        del node.attribute[:]
        node.attribute.extend([*kept, *(helper.make_attribute(name, value) for name, value in changed.items())])
        moved = order != tuple(range(len(order)))
        for index, name in enumerate(node.output):
            if moved and name:
                self.orders[name] = order
                self._names[name] = name + FIRST if name in self._outputs else name
                node.output[index] = self._names[name]
        self.nodes.append(node)

    def _value(self, node: onnx.NodeProto, index: int) -> np.ndarray | None:
        return self.model.get_initializer(node.input[index]) if index < len(node.input) and node.input[index] else None

    def _made(self, node: onnx.NodeProto, what: str, array: np.ndarray) -> str:
        name = f"{node.output[0]}/{what}"
        self._new.append((name, array))
        self._constants.add(name)
        return name

    def _name(self, tensor: str) -> str:
        return self._names.get(tensor, tensor)

    def _shape(self, tensor: str) -> tuple[int, ...]:
        shape = self.model.get_tensor_shape(tensor)
        if shape is None:
            raise GraphError(f"the shape of '{tensor}' is not known", remedy="export with fixed sizes")
        return tuple(int(size) for size in shape)

    def finish(self) -> ChannelsFirst:
        for name in self._outputs & self.orders.keys():
            self.nodes.append(helper.make_node("Transpose", [self._name(name)], [name], name, perm=self.orders[name]))
        if not self.orders and not self._new:
            return ChannelsFirst(self.model, {})
        copy = onnx.ModelProto()
        copy.CopyFrom(self.model.model)
        del copy.graph.node[:], copy.graph.value_info[:]
        copy.graph.node.extend(self.nodes)
        copy.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in self._new)
        for value in copy.graph.input:
            if value.name in self._inputs:
                sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
                for dim, axis in zip(value.type.tensor_type.shape.dim, _inverse(self._inputs[value.name]), strict=True):
                    dim.dim_value = sizes[axis]
        infer_shapes(copy)
        kept = {name: order for name, order in self.orders.items() if self._name(name) in (name, name + FIRST)}
        return ChannelsFirst(ModelWrapper(copy), kept)


def _input_order(model: ModelWrapper, name: str) -> Order | None:
    """The order of an input whose channels come last: all that read it, or what is made of it value by value, put them
    first, or take them as the last ones. None for others."""
    rank = len(model.get_tensor_shape(name) or ())
    if rank < 3:
        return None
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for source in node.input:
            readers.setdefault(source, []).append(node)
    last = _channels_last(rank)
    waiting, found = [name], set[object]()
    while waiting:
        for node in readers.get(waiting.pop(), []):
            if node.op_type in ELEMENTWISE or node.op_type in ("Pad", "Concat", "Resize", "Upsample"):
                waiting += node.output
            elif node.op_type == "MatMul" and rank == 4:
                found.add(_inverse(last))
            elif node.op_type == "Transpose":
                found.add(tuple(attributes(node, perm=list(range(rank))[::-1])["perm"]))
            else:
                found.add(node.op_type)
    return last if found == {_inverse(last)} else None


def _channels_last(rank: int) -> Order:
    """The order of a tensor of so many axes whose channels come last in the file."""
    return (0, *range(2, rank), 1)


def _inverse(order: Order) -> Order:
    return tuple(order.index(axis) for axis in range(len(order)))


def _axis(node: onnx.NodeProto, rank: int) -> int:
    axis: int = attributes(node, axis=0 if node.op_type == "Split" else 1)["axis"]
    return axis % rank
