"""Where each operator of a TFLite file went."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.frontend.network import Network
from codesign.frontend.tflite.importer import Importer
from codesign.frontend.tflite.model import Model, Operator
from codesign.frontend.tflite.values import Codes, Fed, Hosted, Value
from codesign.frontend.zones import Access, Boundary, Zones, at_input, first_blocks, live, zone
from codesign.graph.indices import classes_of, gives_indices

CHOOSING = ("ARG_MAX", "SOFTMAX")
"""Operators of the host that are not left to it where the hardware gives indices of classes."""


def zones_of(importer: Importer, network: Network) -> Zones:
    """The zones of the file that `importer` has read and `network` was made of."""
    model = importer.model
    access = _access(model)
    operators = live(model.operators, model.outputs, access)
    values = {operator.index: importer.value(operator.outputs[0]) for operator in operators}
    chosen = _chosen(model, network, operators)
    tail = [one for one in operators if _on_host(values[one.index]) and one.index not in chosen]
    left = [one for one in operators if not _on_host(values[one.index]) or one.index in chosen]
    head = [operator for operator in left if _before(importer, values[operator.index])]
    within = any(not _plain(importer, values[operator.index]) for operator in head)
    return Zones(
        "TFLite",
        zone(head, access),
        first_blocks(network.graph) if within else (),
        zone([operator for operator in left if not _before(importer, values[operator.index])], access),
        zone(tail, access),
        tuple(_boundary(model, model.inputs[0], tensor, False) for tensor in network.graph.inputs),
        tuple(_output(model, network, tensor) for tensor in network.graph.outputs),
    )


def _chosen(model: Model, network: Network, operators: Sequence[Operator]) -> set[int]:
    """Operators between the last integers and the choice, where the hardware makes it."""
    if not gives_indices(network.graph):
        return set()
    left = {name for node in network.tail.graph.node for name in node.output} if network.tail else set()
    return {
        operator.index
        for operator in operators
        if operator.kind in CHOOSING or model.tensors[operator.outputs[0]].name not in left
    }


def _access(model: Model) -> Access[Operator]:
    return Access(
        name=lambda operator: model.tensors[operator.outputs[0]].name.split(";")[0],  # of several the first
        kind=lambda operator: operator.kind,
        reads=lambda operator: operator.inputs,
        gives=lambda operator: operator.outputs,
    )


def _on_host(value: Value) -> bool:
    return isinstance(value, Hosted) or (isinstance(value, Codes) and value.real)


def _before(importer: Importer, value: Value) -> bool:
    """Whether `value` is the input in another shape, its integers, or what the first requantization makes of them."""
    if not isinstance(value, Codes):
        return isinstance(value, Fed)
    return at_input(importer.builder, value.tensor)


def _plain(importer: Importer, value: Value) -> bool:
    return isinstance(value, Fed) or (isinstance(value, Codes) and importer.builder.operator(value.tensor) is None)


def _output(model: Model, network: Network, tensor: str) -> Boundary:
    name = network.name_on_host(tensor)
    found = [i for i, stored in enumerate(model.tensors) if stored.name == name]
    if not found:
        classes = classes_of(network.graph, tensor)
        kind = "int8" if classes is None else f"index of {classes} classes"
        return Boundary(name, (1, *network.graph.types[tensor].shape), kind, tensor, False)
    return _boundary(model, found[0], tensor, found[0] in model.outputs)


def _boundary(model: Model, index: int, tensor: str, final: bool) -> Boundary:
    stored = model.tensors[index]
    return Boundary(stored.name, stored.shape, stored.type.lower(), tensor, final)
