"""A TFLite file as it is read: tensors and operators, checked for what every file must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from codesign.errors import GraphError

AGAIN = "convert it again"
FULL_INTEGER = "convert it to full integers: a representative data set, and inference types of int8"


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of the file.

    name: the only one of that name; shape: as in the file, batch included; type: of its elements, as TFLite names it.
    scales, zeros: one, or one for each place along `axis`; empty where it is not quantized. data: of a constant, of
    `shape`.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    scales: tuple[float, ...] = ()
    zeros: tuple[int, ...] = ()
    axis: int = 0
    data: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Operator:
    """An operator of the file.

    kind: as TFLite names it, such as CONV_2D, or the name of a custom one. inputs: of its tensors, -1 where one is left
    out. options: of its own table, by name; options_type, table: where they lie in the file.
    """

    index: int
    kind: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]
    code: int
    options_type: int = 0
    table: Any = None

    def option(self, name: str) -> Any:
        """Raises GraphError where the file leaves it out."""
        if name not in self.options:
            raise GraphError(f"{self.kind} has no option '{name}', which it needs", remedy=AGAIN)
        return self.options[name]


@dataclass(frozen=True, eq=False)
class Model:
    """The one graph of a file. inputs, outputs: of its tensors."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def where(self, operator: Operator) -> str:
        """How messages name an operator: by its kind and its output."""
        return f"{operator.kind} {self.tensors[operator.outputs[0]].name}"
