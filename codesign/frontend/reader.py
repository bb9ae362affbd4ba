"""What a reader of an ONNX operator declares that it reads; `refuse_undeclared` refuses all else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import defs, helper
from qonnx.custom_op.registry import getCustomOp

from codesign.errors import GraphError
from codesign.frontend.domains import ONNX, QUANTIZER_DOMAIN
from codesign.frontend.refusal import RefusalError
from codesign.frontend.values import Value

if TYPE_CHECKING:
    from codesign.frontend.importer import Importer

Read = Callable[["Importer", onnx.NodeProto], Value | tuple[Value, ...]]
"""Reads one ONNX node: returns what its outputs stand for."""


@dataclass(frozen=True)
class Values:
    """Values of an attribute that a reader handles. says: they in words, for who has another."""

    holds: Callable[[Any], bool]
    says: str


ANY = Values(lambda value: True, "any")
"""The function looks at the attribute itself, or it changes nothing that is read."""


def only(*values: Any) -> Values:
    """One of `values`."""
    return Values(lambda value: value in values, " or ".join(map(str, values)))


def each(element: int) -> Values:
    """A list of nothing but `element`; left out as well."""
    return Values(lambda value: value is None or all(v == element for v in value), f"{element} in every direction")


@dataclass(frozen=True)
class Reader:
    """An operator that is read.

    operator: its name in the file.
    read: what reads a node that is as declared here.
    versions: the definitions of the operator that `read` knows, each by the first opset that has it.
    attributes: every attribute of those definitions, with the values that are read.
    inputs: how many a node may have.
    outputs: how many results `read` gives; None for as many as the node has.
    spare_outputs: how many more the node may have as long as nobody reads them.
    domains: where the operator is at home.
    infinite: whether a constant input may hold infinities.
    rewrite: what may mend a node with another attribute than declared, a module of `codesign.frontend.suggestions`.
    constants: whether `read` takes constants as its first input; other readers' nodes of constants are computed.
    """

    operator: str
    read: Read
    versions: tuple[int, ...]
    attributes: Mapping[str, Values] = field(default_factory=dict)
    inputs: range = range(1, 2)
    outputs: int | None = 1
    spare_outputs: int = 0
    domains: tuple[str, ...] = (ONNX,)
    infinite: bool = False
    constants: bool = False
    rewrite: str = ""


@dataclass(frozen=True)
class Definition:
    """An operator as its domain defines it. version: the first opset with it; defaults: of its attributes, None where
    there is none; required: attributes that must be given; inputs: their names, the last one repeated at will."""

    version: int
    defaults: Mapping[str, Any]
    required: frozenset[str]
    inputs: tuple[str, ...]


@cache
def definition(operator: str, domain: str, opset: int) -> Definition | None:
    """The definition of `operator` in force at `opset`; None if its domain has none."""
    if domain != ONNX:
        return _quantizer_definition(operator)
    try:
        schema = defs.get_schema(operator, opset, ONNX)
    except defs.SchemaError:
        return None
    defaults = {name: _default(attribute.default_value) for name, attribute in schema.attributes.items()}
    required = frozenset(name for name, attribute in schema.attributes.items() if attribute.required)
    return Definition(schema.since_version, defaults, required, tuple(i.name for i in schema.inputs))


def _quantizer_definition(operator: str) -> Definition | None:
    try:
        known = getCustomOp(helper.make_node(operator, [], [], domain=QUANTIZER_DOMAIN)).get_nodeattr_types()
    except KeyError:
        return None
    required = frozenset(name for name, (_, needed, *_) in known.items() if needed)
    return Definition(1, {name: default for name, (_, _, default, *_) in known.items()}, required, ())


def _default(attribute: onnx.AttributeProto) -> Any:
    return None if attribute.type == onnx.AttributeProto.UNDEFINED else _text(helper.get_attribute_value(attribute))


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def attributes(node: onnx.NodeProto, **defaults: Any) -> dict[str, Any]:
    """Attributes of `node` by name, text decoded, over `defaults`."""
    return defaults | {given.name: _text(helper.get_attribute_value(given)) for given in node.attribute}


def refuse_undeclared(reader: Reader, known: Definition, node: onnx.NodeProto, read: Collection[str]) -> None:
    """Raises GraphError naming the attribute and its value, the input or the output that `reader` does not declare.

    known: the operator's definition. read: the tensors of the file that somebody reads.
    """
    missing = known.required - {attribute.name for attribute in node.attribute}
    if missing:
        raise GraphError(
            f"{node.op_type} has no attribute '{min(missing)}', which it needs", remedy="export the file again"
        )
    for name, value in attributes(node, **known.defaults).items():
        if name not in reader.attributes:
            raise GraphError(f"attribute '{name}' of {node.op_type} is not supported", remedy="leave it out")
        if not reader.attributes[name].holds(value):
            what, remedy = f"{name} = {_short(value)} of {node.op_type} is not supported", reader.attributes[name].says
            if reader.rewrite:
                raise RefusalError(what, remedy=f"supported: {remedy}", rewrite=reader.rewrite)
            raise GraphError(what, remedy=f"supported: {remedy}")
        if isinstance(value, float | list) and not np.isfinite(np.array(value, np.float64)).all():
            raise GraphError(f"attribute '{name}' is not a finite number", remedy="train it again with finite values")
    _refuse_ports(reader, known, node, read)


def _refuse_ports(reader: Reader, known: Definition, node: onnx.NodeProto, read: Collection[str]) -> None:
    given = len(node.input)
    while given and not node.input[given - 1]:
        given -= 1
    if given >= reader.inputs.stop:
        name = known.inputs[reader.inputs.stop - 1] if given <= len(known.inputs) else str(given - 1)
        raise GraphError(f"input '{name}' of {node.op_type} is not supported", remedy="leave it out")
    if given < reader.inputs.start:
        raise GraphError(f"{node.op_type} with {given} inputs is malformed", remedy="export the file again")
    if reader.outputs is None:
        return
    allowed = reader.outputs + reader.spare_outputs
    more = [(i, output) for i, output in enumerate(node.output) if i >= reader.outputs and output]
    wanted = [output for i, output in more if i >= allowed or output in read]
    if wanted:
        raise GraphError(
            f"output '{wanted[0]}' of {node.op_type} is not supported", remedy="only its first output can be used"
        )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
