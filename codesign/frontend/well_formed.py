"""What a file must be before anything is made of it: one graph of tensors with names of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

import onnx
from onnx import AttributeProto, TensorProto, checker

from codesign.errors import GraphError
from codesign.frontend.domains import ONNX, check_ir_version, normal, opset_of
from codesign.frontend.inputs import ELEMENTS, network_inputs
from codesign.frontend.reader import definition
from codesign.frontend.registry import check_domain

MOST_NODES = 5000
"""QONNX' transformations take a time that grows with the square of the nodes; real networks have some hundreds."""
MOST_BYTES = (1 << 31) - 1
"""The largest file, and the most that all its weights take: as much as one ONNX file can hold."""
AGAIN = "export it again"


def check_model(model: onnx.ModelProto) -> None:
    """Raises GraphError if the file says of itself, or its graph is, what no exporter would write."""
    check_ir_version(model)
    opset = opset_of(model)
    graph = model.graph
    if len(graph.node) > MOST_NODES:
        raise GraphError(f"has {len(graph.node)} nodes, more than {MOST_NODES}", remedy="simplify it")
    if graph.sparse_initializer:
        raise GraphError("has sparse weights", remedy="store them densely")
    context = checker.C.CheckerContext()
    context.ir_version, context.opset_imports = model.ir_version, {ONNX: opset}
    functions = {(normal(function.domain), function.name) for function in model.functions}
    for node in graph.node:
        _check_node(node, functions)
        _check_definition(node, opset, context)
    _check_inputs(graph)
    _check_names(graph)
    _check_sizes(model)


def tensors_of(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """The constants of the main graph: initializers, and values of attributes."""
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                yield attribute.t
            yield from attribute.tensors


def _check_node(node: onnx.NodeProto, functions: set[tuple[str, str]]) -> None:
    where = f"node {node.name or next(iter(node.output), node.op_type)}"
    if (normal(node.domain), node.op_type) in functions:
        raise GraphError(
            f"'{node.op_type}' is a function of the file",
            where=where,
            remedy="inline it: onnx.inliner.inline_local_functions",
        )
    if any(a.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for a in node.attribute):
        raise GraphError(f"{node.op_type} runs a graph of its own", where=where, remedy="export without control flow")
    if not any(node.output):
        raise GraphError("has no output", where=where, remedy=AGAIN)
    names = [attribute.name for attribute in node.attribute]
    twice = _first_repeated(names)
    if twice is not None:
        raise GraphError(f"has the attribute '{twice}' twice", where=where, remedy=AGAIN)
    try:
        plain = onnx.NodeProto()
        plain.CopyFrom(node)
        plain.domain = normal(node.domain)
        check_domain(plain)
    except GraphError as error:
        raise GraphError(error.what, where=where, remedy=error.remedy) from None


def _check_definition(node: onnx.NodeProto, opset: int, context: checker.C.CheckerContext) -> None:
    """Raises GraphError if ONNX' own definition of the node does not allow its attributes, inputs or outputs."""
    if normal(node.domain) != ONNX or definition(node.op_type, ONNX, opset) is None:
        return
    try:
        checker.check_node(node, context)
    except checker.ValidationError as error:
        where = f"node {node.name or next(iter(node.output), node.op_type)}"
        raise GraphError(f"is malformed ({str(error).strip().splitlines()[0]})", where=where, remedy=AGAIN) from None


def _check_inputs(graph: onnx.GraphProto) -> None:
    """Exactly one input of the network, float32 or bytes, of a known shape; the batch may be of any size."""
    inputs = network_inputs(graph)
    if len(inputs) != 1:
        names = ", ".join(f"'{value.name}'" for value in inputs[:4])
        raise GraphError(
            f"has {len(inputs)} inputs{f' ({names})' if names else ''}", remedy="a network with one input is supported"
        )
    (value,) = inputs
    where, kind = f"input {value.name}", value.type.tensor_type
    if not value.type.HasField("tensor_type"):
        raise GraphError("is no tensor", where=where, remedy=AGAIN)
    if kind.elem_type not in (TensorProto.FLOAT, *ELEMENTS):
        types = {number: name for name, number in TensorProto.DataType.items()}
        what = f"is {types.get(kind.elem_type, 'of an unknown type').lower()}"
        raise GraphError(what, where=where, remedy="export it in float32")
    batch, *sizes = (dim.dim_value for dim in kind.shape.dim) if kind.shape.dim else (0,)
    if not all(size > 0 for size in sizes or [batch]):
        raise GraphError("the shape is not static", where=where, remedy="export with fixed sizes, batch size 1")


def _check_names(graph: onnx.GraphProto) -> None:
    """Every tensor is given once, and listed once as an output."""
    groups: dict[str, Iterable[str]] = {
        "inputs": (value.name for value in graph.input),
        "constants": (tensor.name for tensor in graph.initializer),
        "outputs": (value.name for value in graph.output),
    }
    for what, names in groups.items():
        twice = _first_repeated(names)
        if twice is not None:
            raise GraphError(f"'{twice}' is listed twice among the {what}", remedy=AGAIN)
    given = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    for value in graph.output:
        if value.name in given:
            raise GraphError(
                f"the output '{value.name}' is an input or a constant", remedy="remove it from the outputs"
            )
    for node in graph.node:
        for output in filter(None, node.output):
            if output in given:
                raise GraphError(f"two nodes give the tensor '{output}'", remedy=AGAIN)
            given.add(output)
    for value in graph.output:
        if value.name not in given:
            raise GraphError(f"nothing computes the output '{value.name}'", remedy=AGAIN)


def _check_sizes(model: onnx.ModelProto) -> None:
    total = 0
    for tensor in tensors_of(model):
        if any(size < 0 for size in tensor.dims):
            raise GraphError(f"the constant '{tensor.name}' has a negative size", remedy=AGAIN)
        total += prod(tensor.dims)
        if total > MOST_BYTES // 4:
            raise GraphError(f"the constant '{tensor.name}' makes more than {MOST_BYTES // 4} values", remedy=AGAIN)


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
