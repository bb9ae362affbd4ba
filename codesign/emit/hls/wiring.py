"""Streams have one writer and one reader, tensors may have many readers: names every stream and places the copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesign.emit.hls.base import HlsBlock, Layer, Stream
from codesign.errors import GraphError
from codesign.graph import Graph, Node
from codesign.graph.names import Scope, identifier
from codesign.hardware.folding import Folding
from codesign.schedule.edges import Edge, edges

MOST_COPIES = 7
"""As many as hls4ml's `clone_stream` makes at once."""


def pixel_type(stream: str) -> str:
    """C++ type of a stream's elements; `<name>_t` could be a system type such as `off_t`."""
    return f"{stream}_pixel_t"


@dataclass(frozen=True)
class Wiring:
    """The graph with its streams.

    blocks: the nodes, in order; copies: hls4ml layers by the tensor that they multiply; inputs, outputs: the design's
    own streams; tensors: the stream in which each tensor appears first.
    """

    blocks: tuple[HlsBlock, ...]
    copies: Mapping[str, Layer]
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    tensors: Mapping[str, Stream]


def wire(graph: Graph, foldings: Mapping[str, Folding] | None = None) -> Wiring:
    """Raises GraphError for tensors that nobody reads, or too many."""
    scope = Scope((*graph.types, *(node.name for node in graph.nodes)))
    tensors = {name: Stream(identifier(name), kind) for name, kind in graph.types.items()}
    by_tensor: dict[str, list[Edge]] = {name: [] for name in tensors}
    for edge in edges(graph):
        by_tensor[edge.tensor].append(edge)
    _check_readers(graph, by_tensor)
    streams = {edge: _stream(tensors[name], edge, found, scope) for name, found in by_tensor.items() for edge in found}
    copies = {
        name: _copies(tensors[name], scope, [streams[edge] for edge in found])
        for name, found in by_tensor.items()
        if len(found) > 1
    }
    return Wiring(
        blocks=tuple(_block(graph, node, tensors, streams, foldings or {}) for node in graph.nodes),
        copies=copies,
        inputs=tuple(tensors[name] for name in graph.inputs),
        outputs=tuple(streams[Edge(name, "", port)] for port, name in enumerate(graph.outputs)),
        tensors=tensors,
    )


def _stream(tensor: Stream, edge: Edge, found: list[Edge], scope: Scope) -> Stream:
    """The tensor's own stream if it has one reader, else the reader's copy."""
    if len(found) == 1:
        return tensor
    name = f"{tensor.name}_to_{identifier(edge.reader or 'output')}_{edge.port}"
    return Stream(scope.free(name), tensor.type)


def _copies(tensor: Stream, scope: Scope, copies: list[Stream]) -> Layer:
    size = tensor.type.channels * tensor.type.pixels
    names = tuple(copy.name for copy in copies)
    layer = scope.free(f"{tensor.name}_copies")
    return Layer("Clone", layer, (tensor.name,), names, {"size": size}, {"result": tensor.precision})


def _block(
    graph: Graph,
    node: Node,
    tensors: Mapping[str, Stream],
    streams: Mapping[Edge, Stream],
    foldings: Mapping[str, Folding],
) -> HlsBlock:
    inputs = tuple(streams[Edge(name, node.name, port)] for port, name in enumerate(node.inputs))
    outputs = tuple(tensors[name] for name in graph.output_names(node))
    return HlsBlock(identifier(node.name), node.op, inputs, outputs, foldings.get(node.name, Folding()))


def _check_readers(graph: Graph, by_tensor: Mapping[str, list[Edge]]) -> None:
    for name, found in by_tensor.items():
        if not found:
            raise GraphError(f"nothing reads tensor '{name}'", where=graph.name, remedy="make it an output")
        if len(found) > MOST_COPIES:
            raise GraphError(
                f"tensor '{name}' is read {len(found)} times, hls4ml copies a stream {MOST_COPIES} times at most",
                where=graph.name,
            )
        if name in graph.inputs and name in graph.outputs:
            raise GraphError(f"tensor '{name}' is input and output of the network at once", where=graph.name)
