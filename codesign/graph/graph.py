"""The integer graph: nodes in topological order, tensors by name, types inferred and checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from codesign.errors import GraphError
from codesign.graph import names
from codesign.graph.op import Op
from codesign.graph.types import TensorType


@dataclass(frozen=True, eq=False)
class Node:
    """One operator in its place: a block of the hardware.

    `name` is dotted and follows the network's modules, such as `backbone.stage2.0.conv1`. A node with one output
    gives it its own name; with several, the outputs are `name.0`, `name.1`, ... A node that a pass has made of several
    has the first one's name, and its outputs keep the names that the last one gave them: those are its `results`.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    results: tuple[str, ...] = ()

    def outputs(self, count: int) -> tuple[str, ...]:
        if self.results:
            return self.results
        return (self.name,) if count == 1 else tuple(f"{self.name}.{i}" for i in range(count))


@dataclass(frozen=True, eq=False)
class Graph:
    """A network of integers.

    inputs: types of the input tensors by name; outputs: names of the output tensors; origins: for tensors that exist
    in the file the graph came from, their name there (the values there are `q * scale`); titles: for inputs whose name
    there is no name for a graph, what it is.
    Raises GraphError, naming the node, if wiring, shapes or ranges do not fit, and for names that generated sources
    could not have (`names.check`).
    """

    name: str
    inputs: Mapping[str, TensorType]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    origins: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        outputs = self._inferred[1]
        names.check(tuple(self.inputs), [(node.name, len(outputs[node.name])) for node in self.nodes])
        types = self.types
        missing = [name for name in self.outputs if name not in types]
        if missing:
            raise GraphError(f"output '{missing[0]}' is produced by no node", where=self.name)

    @cached_property
    def _inferred(self) -> tuple[dict[str, TensorType], dict[str, tuple[str, ...]]]:
        """Types by tensor, and output tensors by node."""
        types, outputs = dict(self.inputs), {}
        for node in self.nodes:
            unknown = [name for name in node.inputs if name not in types]
            if unknown:
                raise GraphError(f"input '{unknown[0]}' is not known here", where=f"node {node.name}")
            try:
                results = node.op.infer(*(types[name] for name in node.inputs))
            except GraphError as error:
                raise GraphError(error.what, where=f"node {node.name}", remedy=error.remedy) from None
            outputs[node.name] = node.outputs(len(results))
            for name, result in zip(outputs[node.name], results, strict=True):
                if name in types:
                    raise GraphError(f"tensor '{name}' is produced twice", where=f"node {node.name}")
                types[name] = result
        return types, outputs

    @property
    def types(self) -> Mapping[str, TensorType]:
        """Types of all tensors by name."""
        return self._inferred[0]

    def input_types(self, node: Node) -> tuple[TensorType, ...]:
        return tuple(self.types[name] for name in node.inputs)

    def output_names(self, node: Node) -> tuple[str, ...]:
        return self._inferred[1][node.name]

    def output_types(self, node: Node) -> tuple[TensorType, ...]:
        return tuple(self.types[name] for name in self.output_names(node))

    @cached_property
    def consumers(self) -> Mapping[str, tuple[tuple[Node, int], ...]]:
        """For every tensor, the nodes that read it and at which of their inputs."""
        readers: dict[str, list[tuple[Node, int]]] = {name: [] for name in self.types}
        for node in self.nodes:
            for index, name in enumerate(node.inputs):
                readers[name].append((node, index))
        return {name: tuple(found) for name, found in readers.items()}

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """For every tensor but the inputs, the node that writes it."""
        return {name: node for node in self.nodes for name in self.output_names(node)}

    def node(self, name: str) -> Node:
        for node in self.nodes:
            if node.name == name:
                return node
        raise GraphError(f"there is no node '{name}'", where=self.name)

    def title(self, tensor: str) -> str:
        """What a reader of the file the graph came from calls `tensor`."""
        return self.titles.get(tensor, tensor)

    @property
    def macs(self) -> int:
        """Products with a weight for one frame, those of single bits among them."""
        return sum(node.op.macs(*self.input_types(node)) for node in self.nodes)

    @property
    def multiplications(self) -> int:
        """Those of `macs` that take a multiplier."""
        return sum(node.op.multiplications(*self.input_types(node)) for node in self.nodes)
