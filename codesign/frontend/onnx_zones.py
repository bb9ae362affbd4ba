"""Where each node of an ONNX file went."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto

from codesign.frontend.importer import Importer
from codesign.frontend.network import Network
from codesign.frontend.run_qdq import is_qdq
from codesign.frontend.values import Activation, Coded, Constant, Unquantized, Value
from codesign.frontend.zones import Access, Boundary, Zones, at_input, first_blocks, live, zone
from codesign.graph.indices import classes_of

NODES = Access[onnx.NodeProto](
    name=lambda node: node.name or node.output[0],
    kind=lambda node: node.op_type,
    reads=lambda node: filter(None, node.input),
    gives=lambda node: filter(None, node.output),
)


def zones_of(importer: Importer, network: Network, file: onnx.ModelProto) -> Zones:
    """The zones of `file`, which `importer` has read and `network` was made of."""
    ends = [value.name for value in importer.model.graph.output]
    nodes = [node for node in live(importer.model.graph.node, ends, NODES) if not _constant(importer, node)]
    tail = _tail(nodes, network, ends)
    on_host = {id(node) for node in tail}
    left = [node for node in nodes if id(node) not in on_host]
    head = [node for node in left if all(_before(importer, importer.value(name)) for name in node.output if name)]
    at_input = {id(node) for node in head}
    return Zones(
        "QDQ ONNX" if is_qdq(file) else "QONNX",
        zone(head, NODES),
        first_blocks(network.graph) if _absorbed(importer, head) else (),
        zone([node for node in left if id(node) not in at_input], NODES),
        zone(tail, NODES),
        tuple(_input(importer, file, tensor, network.graph.title(tensor)) for tensor in network.graph.inputs),
        tuple(_output(importer, network, tensor, ends) for tensor in network.graph.outputs),
    )


def _constant(importer: Importer, node: onnx.NodeProto) -> bool:
    return all(isinstance(importer.value(name), Constant) for name in node.output if name)


def _tail(nodes: list[onnx.NodeProto], network: Network, ends: list[str]) -> list[onnx.NodeProto]:
    """Nodes of the host: those of the tail, and the dequantizers whose real values nobody else reads.

    A layer whose real bias the tail adds has its output there too, but from an operator of another kind.
    """
    of_tail = {(node.output[0], node.op_type) for node in network.tail.graph.node} if network.tail else set()
    found: list[onnx.NodeProto] = []
    read_elsewhere: set[str] = set()
    for node in reversed(nodes):
        real = node.op_type == "DequantizeLinear" and read_elsewhere.isdisjoint(node.output)
        if (node.output[0], node.op_type) in of_tail or real:
            found.append(node)
        else:
            read_elsewhere.update(node.input)
    return found[::-1]


def _before(importer: Importer, value: Value) -> bool:
    """Whether `value` is still the input, whatever was done to its values, or what the first quantizer makes of it."""
    if isinstance(value, Coded):
        return _before(importer, value.source)
    if isinstance(value, Unquantized):
        return True
    if not isinstance(value, Activation):
        return False
    untouched = importer.builder.operator(value.tensor) is None
    return untouched or (not value.steps and at_input(importer.builder, value.tensor))


def _absorbed(importer: Importer, head: Sequence[onnx.NodeProto]) -> bool:
    """Whether the head leaves the hardware something to compute: its results are not the input's integers."""
    read = {name for node in head for name in node.input}
    return any(not _plain(importer, name) for node in head for name in node.output if name and name not in read)


def _plain(importer: Importer, name: str) -> bool:
    """Whether the tensor is the graph's input as it stands."""
    value = importer.value(name)
    if isinstance(value, Coded):
        return isinstance(value.source, Unquantized)
    if isinstance(value, Activation):
        return importer.builder.operator(value.tensor) is None and not value.steps
    return isinstance(value, Unquantized)


def _input(importer: Importer, file: onnx.ModelProto, tensor: str, name: str) -> Boundary:
    (kind,) = (value.type.tensor_type.elem_type for value in file.graph.input if value.name == name)
    return Boundary(name, importer.shape(name), _type(kind), tensor, False)


def _output(importer: Importer, network: Network, tensor: str, ends: list[str]) -> Boundary:
    name = network.name_on_host(tensor)
    shape = network.graph.types[tensor].shape
    known, classes = importer.model.get_tensor_shape(name), classes_of(network.graph, tensor)
    kind = "float32" if classes is None else f"index of {classes} classes"
    return Boundary(name, tuple(known) if known else (1, *shape), kind, tensor, name in ends)


def _type(kind: int) -> str:
    return "float32" if kind == TensorProto.FLOAT else str(TensorProto.DataType.Name(kind)).lower()
