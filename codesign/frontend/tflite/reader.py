"""What a reader of a TFLite operator declares that it reads; `refuse_undeclared` refuses all else."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from codesign.errors import GraphError
from codesign.frontend.reader import Values
from codesign.frontend.tflite.model import AGAIN, Operator
from codesign.frontend.tflite.values import Value

if TYPE_CHECKING:
    from codesign.frontend.tflite.importer import Importer

Read = Callable[["Importer", Operator], Value | tuple[Value, ...]]
"""Reads one operator: returns what its outputs stand for."""

_OPS = "codesign.frontend.tflite.ops"


@dataclass(frozen=True)
class Reader:
    """An operator that is read.

    operator: its name in the schema. read: what reads an operator that is as declared here. versions: up to this one
    `read` knows it. options: every option of its table, with the values that are read. inputs: how many it may have.
    several: whether it may have more than one output.
    """

    operator: str
    read: Read
    versions: int
    options: Mapping[str, Values] = field(default_factory=dict)
    inputs: range = range(1, 2)
    several: bool = False


@cache
def readers() -> Mapping[str, Reader]:
    """All of `codesign.frontend.tflite.ops`, by operator."""
    folder = import_module(_OPS).__path__
    modules = [import_module(f"{_OPS}.{module.name}") for module in pkgutil.iter_modules(folder)]
    return {reader.operator: reader for module in modules for reader in module.READERS}


def reader_of(operator: Operator) -> Reader:
    """Raises GraphError if nobody reads the operator, or not as it is."""
    reader = readers().get(operator.kind)
    if reader is None:
        raise GraphError(f"operator '{operator.kind}' is not supported", remedy="docs/tflite.md says what is")
    refuse_undeclared(reader, operator)
    return reader


def refuse_undeclared(reader: Reader, operator: Operator) -> None:
    """Raises GraphError naming the option and its value, the version or the inputs that `reader` does not declare."""
    if not 1 <= operator.version <= reader.versions:
        raise GraphError(
            f"version {operator.version} of {operator.kind} is not known", remedy=f"supported: 1 to {reader.versions}"
        )
    for name, value in operator.options.items():
        if name not in reader.options:
            raise GraphError(f"option '{name}' of {operator.kind} is not supported", remedy="leave it out")
        if not reader.options[name].holds(value):
            raise GraphError(
                f"{name} = {value} of {operator.kind} is not supported",
                remedy=f"supported: {reader.options[name].says}",
            )
    given = len(operator.inputs)
    while given and operator.inputs[given - 1] < 0:
        given -= 1
    if given not in reader.inputs:
        raise GraphError(f"{operator.kind} with {given} inputs is not supported", remedy=AGAIN)
    if len(operator.outputs) != 1 and not reader.several:
        raise GraphError(f"{operator.kind} with {len(operator.outputs)} outputs is not supported", remedy=AGAIN)
