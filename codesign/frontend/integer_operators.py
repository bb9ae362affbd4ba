"""Operators on codes, of ONNX and of ONNX Runtime, as the real-valued ones that they stand for between quantizers.

QLinearConv is a DequantizeLinear of its operands, a Conv and a QuantizeLinear of its result. So written, a file of
onnxruntime's QOperator format is one of QDQ, which is read as its integer kernels compute it. The codes keep their
names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from codesign.errors import GraphError
from codesign.frontend.domains import MICROSOFT, ONNX, normal

Port = tuple[int, int, int]
"""Places of an operand, its scale and its zero point among a node's inputs."""


@dataclass(frozen=True)
class Form:
    """An operator on codes.

    operator: on real numbers. operands: of the node; None for any number of them from its third input on. result:
    places of the result's scale and zero point. bias: of integers at the scale of the sums. channels: the axis of the
    second operand along which it may have several scales.
    """

    operator: str
    operands: tuple[Port, ...] | None
    result: tuple[int, int]
    bias: int | None = None
    channels: Callable[[onnx.NodeProto], int] = field(default=lambda node: 0)


def _columns(node: onnx.NodeProto) -> int:
    """The axis of outputs of a Gemm's weights."""
    return 0 if any(attribute.name == "transB" and attribute.i for attribute in node.attribute) else 1


ONE, TWO = ((0, 1, 2),), ((0, 1, 2), (3, 4, 5))

FORMS: Mapping[tuple[str, str], Form] = {
    (ONNX, "QLinearConv"): Form("Conv", TWO, (6, 7), bias=8),
    (ONNX, "QLinearMatMul"): Form("MatMul", TWO, (6, 7), channels=lambda node: 1),
    (MICROSOFT, "QGemm"): Form("Gemm", TWO, (7, 8), bias=6, channels=_columns),
    (MICROSOFT, "QLinearAdd"): Form("Add", TWO, (6, 7)),
    (MICROSOFT, "QLinearMul"): Form("Mul", TWO, (6, 7)),
    (MICROSOFT, "QLinearConcat"): Form("Concat", None, (0, 1)),
    (MICROSOFT, "QLinearLeakyRelu"): Form("LeakyRelu", ONE, (3, 4)),
    (MICROSOFT, "QLinearSigmoid"): Form("Sigmoid", ONE, (3, 4)),
    (MICROSOFT, "QLinearSoftmax"): Form("Softmax", ONE, (3, 4)),
    (MICROSOFT, "QLinearAveragePool"): Form("AveragePool", ONE, (3, 4)),
    (MICROSOFT, "QLinearGlobalAveragePool"): Form("GlobalAveragePool", ONE, (3, 4)),
}
MOVING = frozenset(
    """
    Concat DepthToSpace Expand Flatten Gather Identity MaxPool Pad Reshape Resize Slice SpaceToDepth Split Squeeze
    Transpose Unsqueeze Upsample
    """.split()  # noqa: SIM905
)
"""Operators that take codes as they take real numbers, and only move or select them."""
CHOOSING = ("ArgMax", "ArgMin")
"""Operators that say of codes what they say of real numbers."""
OWN = ("channels_last", "opset")
"""Attributes that the real-valued operators do not have."""


def is_integer_operator(node: onnx.NodeProto) -> bool:
    """Whether `node` computes with codes."""
    return (normal(node.domain), node.op_type) in FORMS


def with_real_operators(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with quantizers around real-valued operators in place of those on codes; itself if it has none.

    Raises GraphError for nodes that lack an input.
    """
    if not any(is_integer_operator(node) or node.op_type in (*MOVING, *CHOOSING) for node in model.graph.node):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    rewriter = _Rewriter(copy)
    for node in model.graph.node:
        rewriter.take(node)
    del copy.graph.node[:]
    copy.graph.node.extend(rewriter.nodes)
    return copy


class _Rewriter:
    """codes: the scale and the zero point of tensors of codes, as inputs of the quantizer that gives them."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes: list[onnx.NodeProto] = []
        self._codes: dict[str, tuple[str, ...]] = {}
        self._constants = dict(_constants(model.graph))

    def take(self, node: onnx.NodeProto) -> None:
        form = FORMS.get((normal(node.domain), node.op_type))
        first = node.input[0] if node.input else ""
        if form is not None:
            self._integer(node, form)
        elif normal(node.domain) == ONNX and node.op_type in MOVING and first in self._codes:
            self._moved(node)
        elif node.op_type in CHOOSING and first in self._codes:
            chosen = onnx.NodeProto()
            chosen.CopyFrom(node)
            chosen.input[0] = self._decoded(node, (first, *self._codes[first]), "input_0")
            self.nodes.append(chosen)
        else:
            self.nodes.append(node)
            if node.op_type == "QuantizeLinear":
                self._codes[node.output[0]] = tuple(node.input[1:])
            elif node.op_type == "Clip" and first in self._codes:
                self._codes[node.output[0]] = self._codes[first]

    def _integer(self, node: onnx.NodeProto, form: Form) -> None:
        """Quantizers around the real-valued operator."""
        ports = form.operands or [(i, i + 1, i + 2) for i in range(2, len(node.input), 3)]
        if len(node.input) <= max(form.result[0], *(port[1] for port in ports)):
            raise GraphError(f"{node.op_type} with {len(node.input)} inputs is malformed", where=f"node {node.name}")
        real = [
            self._decoded(node, _given(node, port), f"operand_{i}", form.channels(node) if i else 0)
            for i, port in enumerate(ports)
        ]
        if form.bias is not None and len(node.input) > form.bias and node.input[form.bias]:
            real.append(self._bias(node, form))
        result = _given(node, form.result)
        ending = f"{node.output[0]}/real" if result[0] else node.output[0]
        options = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        last = bool(options.get("channels_last", 0))
        kept = {name: value for name, value in options.items() if name not in OWN}
        inner = f"{ending}/channels_first" if last else ending
        if last:
            real = [self._turned(name, f"{name}/channels_first", (0, 3, 1, 2)) for name in real]
        self._add(form.operator, real, inner, node.name or node.output[0], **kept)
        if last:
            self._turned(inner, ending, (0, 2, 3, 1))
        if result[0]:
            self._encoded(ending, node.output[0], result)

    def _moved(self, node: onnx.NodeProto) -> None:
        """The same operator on real numbers, and codes of the same scale and zero point behind it."""
        code = self._codes[node.input[0]]
        if node.op_type == "Pad" and (len(node.input) < 3 or not node.input[2]) and self._zero(code):
            return self.nodes.append(node)  # with code 0, which is not the real 0
        moved = onnx.NodeProto()
        moved.CopyFrom(node)
        for index, name in enumerate(node.input):
            codes = name in self._codes or (node.op_type == "Pad" and index == 2 and name)
            if codes and self._codes.get(name, code) != code:
                return self.nodes.append(node)
            if codes:
                moved.input[index] = self._decoded(node, (name, *code), f"input_{index}")
        moved.output[:] = [f"{name}/real" if name else "" for name in node.output]
        self.nodes.append(moved)
        for real, name in zip(moved.output, node.output, strict=True):
            if name:
                self._encoded(real, name, code)
        return None

    def _zero(self, code: tuple[str, ...]) -> bool:
        """Whether codes have a zero point, or may have one."""
        zero = self._constants.get(code[1]) if len(code) > 1 and code[1] else np.zeros(1)
        return zero is None or bool(zero.any())

    def _decoded(self, node: onnx.NodeProto, given: tuple[str, ...], what: str, axis: int = 0) -> str:
        scale = self._constants.get(given[1])
        along = {} if scale is None or scale.size == 1 else {"axis": axis}
        name = f"{node.output[0]}/{what}"
        return self._add("DequantizeLinear", list(given), name, name, **along)

    def _encoded(self, real: str, codes: str, code: tuple[str, ...]) -> None:
        self._add("QuantizeLinear", [real, *code], codes, codes)
        self._codes[codes] = code

    def _bias(self, node: onnx.NodeProto, form: Form) -> str:
        """Integers at the product of the operands' scales."""
        assert form.bias is not None
        factors = [self._constants.get(node.input[place]) for place in (1, 4)]
        if factors[0] is None or factors[1] is None:
            raise GraphError("the scales are not constant", where=f"node {node.name or node.output[0]}")
        name = f"{node.output[0]}/bias_scale"
        scale = np.asarray(factors[0], np.float32) * np.asarray(factors[1], np.float32)
        scale = scale.reshape(()) if scale.size == 1 else scale.reshape(-1)
        self._constants[name] = scale
        self.model.graph.initializer.append(numpy_helper.from_array(scale, name))
        return self._decoded(node, (node.input[form.bias], name), "bias")

    def _turned(self, name: str, output: str, order: tuple[int, ...]) -> str:
        return self._add("Transpose", [name], output, output, perm=order)

    def _add(self, kind: str, inputs: list[str], output: str, name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name, **attributes))
        return output


def _given(node: onnx.NodeProto, places: tuple[int, ...]) -> tuple[str, ...]:
    """The inputs at these places, without those at the end that are left out."""
    found = [node.input[place] if place < len(node.input) else "" for place in places]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return tuple(found)


MOST_SCALES = 1 << 16
"""Values of a constant that may be scales, or zero points."""


def _constants(graph: onnx.GraphProto) -> Iterator[tuple[str, np.ndarray]]:
    """Those that are small, by name."""
    for tensor in graph.initializer:
        if prod(tensor.dims) <= MOST_SCALES:
            yield tensor.name, numpy_helper.to_array(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value" and prod(attribute.t.dims) <= MOST_SCALES:
                yield node.output[0], numpy_helper.to_array(attribute.t)
