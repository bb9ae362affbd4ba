"""Finds the reader of an ONNX node among the `READERS` of every module in `codesign.frontend.ops`.

Readers of other packages come before those of this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import onnx

from codesign.errors import GraphError
from codesign.frontend.domains import ONNX, of_onnx, owner
from codesign.frontend.integer_operators import is_integer_operator
from codesign.frontend.reader import Definition, Reader, definition
from codesign.plugins import load, names

_OPS = "codesign.frontend.ops"


@cache
def readers() -> Mapping[tuple[str, str], tuple[Reader, ...]]:
    """By domain and operator; several where a function each reads some versions of an operator."""
    found: dict[tuple[str, str], tuple[Reader, ...]] = {}
    for module in names(_OPS):
        for reader in load(_OPS, module).READERS:
            for domain in reader.domains:
                key = domain, reader.operator
                found[key] = (reader, *found.get(key, ()))
    return found


def reader_of(node: onnx.NodeProto, opset: int) -> tuple[Reader, Definition]:
    """The reader of `node` in a file of `opset`, and the operator's definition there. Raises GraphError if none is."""
    candidates = readers().get((node.domain, node.op_type))
    if candidates is None:
        raise _unknown(node)
    known = definition(node.op_type, candidates[0].domains[0], opset)
    reader = next((r for r in candidates if known is not None and known.version in r.versions), None)
    if known is None or reader is None:
        raise GraphError(f"operator '{node.op_type}' does not exist at opset {opset}", remedy="export the file again")
    return reader, known


def check_domain(node: onnx.NodeProto) -> None:
    """Raises GraphError if `node` is of a domain other than ONNX' own and is none that is read."""
    if node.domain != ONNX and (node.domain, node.op_type) not in readers() and not is_integer_operator(node):
        if of_onnx(node):
            return
        raise _unknown(node)


def _unknown(node: onnx.NodeProto) -> GraphError:
    domains = {domain for domain, _ in readers()}
    what = f"operator '{node.op_type}'"
    if node.domain:
        what += f" of the domain '{node.domain}'"
    if node.domain not in domains:
        what += f" ({owner(node.domain)})"
    return GraphError(
        f"{what} is not supported", remedy="docs/qonnx.md says what is, and docs/add_operator.md how to add it"
    )
