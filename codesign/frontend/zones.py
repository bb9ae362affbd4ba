"""Where each operator of a file went: to the head, to hardware, or to the tail; and where the boundaries lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from codesign.frontend.builder import Builder
from codesign.graph import Graph

MOST_NAMED = 12
"""A zone of more operators is told by their kinds alone."""

N = TypeVar("N")


@dataclass(frozen=True)
class FileNode:
    """An operator of the file. reads: places, in its zone, of the operators whose results it reads."""

    name: str
    operator: str
    reads: tuple[int, ...]


@dataclass(frozen=True)
class Zone:
    """A part of the file. operators: how many there are of each kind, in the file's order; nodes: they, where few."""

    operators: Mapping[str, int]
    nodes: tuple[FileNode, ...]


@dataclass(frozen=True)
class Boundary:
    """A tensor that enters or leaves the hardware.

    name, shape, type: in the file, with the batch, `float32` for real values; tensor: in the integer graph. final:
    whether it is an output of the file.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    tensor: str
    final: bool


@dataclass(frozen=True)
class Zones:
    """A file in three parts, without its constants and what is computed of them.

    head: what stands before the first integers; within: the blocks of the graph that it became a part of, none where
    the input's integers are its result. hardware: what became blocks. tail: what the host computes.
    """

    format: str
    head: Zone
    within: tuple[str, ...]
    hardware: Zone
    tail: Zone
    inputs: tuple[Boundary, ...]
    outputs: tuple[Boundary, ...]


@dataclass(frozen=True)
class Access(Generic[N]):
    """How to look at an operator of a format: its name, its kind, the tensors that it reads and gives."""

    name: Callable[[N], str]
    kind: Callable[[N], str]
    reads: Callable[[N], Iterable[Any]]
    gives: Callable[[N], Iterable[Any]]


def zone(nodes: Sequence[N], access: Access[N]) -> Zone:
    """The zone of these operators, which are in an order in which they can be computed."""
    kinds = Counter(access.kind(node) for node in nodes)
    if len(nodes) > MOST_NAMED:
        return Zone(dict(kinds), ())
    makers = {tensor: place for place, node in enumerate(nodes) for tensor in access.gives(node)}
    found = []
    for node in nodes:
        reads = dict.fromkeys(makers[tensor] for tensor in access.reads(node) if tensor in makers)
        found.append(FileNode(access.name(node), access.kind(node), tuple(reads)))
    return Zone(dict(kinds), tuple(found))


def live(nodes: Sequence[N], outputs: Iterable[Any], access: Access[N]) -> list[N]:
    """Those operators that `outputs` depend on, in their order."""
    needed, found = set(outputs), []
    for node in reversed(nodes):
        if needed.intersection(access.gives(node)):
            needed.update(access.reads(node))
            found.append(node)
    return found[::-1]


def at_input(builder: Builder, tensor: str) -> bool:
    """Whether `tensor` is an input of the graph, or what a first requantization makes of one."""
    op = builder.operator(tensor)
    if op is None:
        return True
    return op.quantizes and all(builder.operator(source) is None for source in builder.operands(tensor))


def first_blocks(graph: Graph) -> tuple[str, ...]:
    """Blocks that read the graph's inputs."""
    return tuple(node.name for node in graph.nodes if not graph.inputs.keys().isdisjoint(node.inputs))
