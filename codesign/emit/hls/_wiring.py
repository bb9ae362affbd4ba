"""Streams have one writer and one reader, tensors may have many readers: names every stream and places the copies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codesign.cost.base import Folding
from codesign.emit.hls.base import Block, Layer, Stream
from codesign.emit.rtl.base import identifier
from codesign.errors import GraphError
from codesign.graph import Graph, Node

MOST_COPIES = 7
"""As many as hls4ml's `clone_stream` makes at once."""

_RESERVED = """
    alignas alignof asm auto bool catch char char16_t char32_t const const_cast constexpr csim decltype default delete
    do double dynamic_cast enum explicit export extern false float friend goto hls inline int long main mutable
    namespace new nnet noexcept nullptr operator private protected public register reinterpret_cast short signed sizeof
    static static_assert static_cast std struct switch template this thread_local throw top true typedef typeid
    typename union unsigned using virtual void volatile wchar_t
"""
_HLS4ML_NAME = re.compile(r"(config|layer)\d")


def cpp_identifier(name: str) -> str:
    """A dotted graph name as a C++ identifier; words that C++ or hls4ml keep for themselves get an underscore."""
    text = identifier(name)
    return f"{text}_" if text in _RESERVED.split() or _HLS4ML_NAME.match(text) else text


def pixel_type(stream: str) -> str:
    """C++ type of a stream's elements; `<name>_t` could be a system type such as `off_t`."""
    return f"{stream}_pixel_t"


@dataclass(frozen=True)
class Wiring:
    """The graph with its streams.

    blocks: the nodes, in order; copies: hls4ml layers by the tensor that they multiply; inputs, outputs: the design's
    own streams; tensors: the stream in which each tensor appears first; edges: the stream into input `i` of node `n`.
    """

    blocks: tuple[Block, ...]
    copies: Mapping[str, Layer]
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    tensors: Mapping[str, Stream]
    edges: Mapping[tuple[str, int], Stream]


def wire(graph: Graph, foldings: Mapping[str, Folding] | None = None) -> Wiring:
    """Raises GraphError for names that collide and for tensors that nobody reads, or too many."""
    tensors = {name: Stream(cpp_identifier(name), kind) for name, kind in graph.types.items()}
    _check_names(graph)
    chosen = foldings or {}
    copies: dict[str, Layer] = {}
    edges: dict[tuple[str, int], Stream] = {}
    leaving: dict[str, Stream] = {}
    for name, stream in tensors.items():
        readers = [(node.name, index) for node, index in graph.consumers[name]]
        streams = _readers_streams(stream, readers, name in graph.outputs)
        if len(streams) > 1:
            copies[name] = _copies(stream, streams)
        edges.update(zip(readers, streams, strict=False))
        if name in graph.outputs:
            leaving[name] = streams[-1]
        _check_readers(graph, name, len(streams))
    blocks = tuple(_block(graph, node, tensors, edges, chosen.get(node.name, Folding())) for node in graph.nodes)
    inputs = tuple(tensors[name] for name in graph.inputs)
    return Wiring(blocks, copies, inputs, tuple(leaving[name] for name in graph.outputs), tensors, edges)


def _readers_streams(stream: Stream, readers: list[tuple[str, int]], leaves: bool) -> list[Stream]:
    """One stream a reader, the design's output last; the tensor's own stream if there is only one."""
    if len(readers) + leaves == 1:
        return [stream]
    names = [f"{stream.name}_to_{cpp_identifier(node)}_{index}" for node, index in readers]
    return [Stream(name, stream.type) for name in (*names, *([f"{stream.name}_out"] if leaves else []))]


def _copies(stream: Stream, streams: list[Stream]) -> Layer:
    size = stream.type.channels * stream.type.pixels
    names = tuple(copy.name for copy in streams)
    return Layer("Clone", f"{stream.name}_copies", (stream.name,), names, {"size": size}, {"result": stream.precision})


def _block(
    graph: Graph,
    node: Node,
    tensors: Mapping[str, Stream],
    edges: Mapping[tuple[str, int], Stream],
    folding: Folding,
) -> Block:
    inputs = tuple(edges[node.name, index] for index in range(len(node.inputs)))
    outputs = tuple(tensors[name] for name in graph.output_names(node))
    return Block(cpp_identifier(node.name), node.op, inputs, outputs, folding)


def _check_names(graph: Graph) -> None:
    """hls4ml looks layers up without regard to case."""
    seen: dict[str, str] = {}
    for name in (*graph.types, *(node.name for node in graph.nodes if node.name not in graph.types)):
        other = seen.setdefault(cpp_identifier(name).lower(), name)
        if other != name:
            raise GraphError(f"'{other}' and '{name}' have the same name in C++", where=graph.name, remedy="rename one")


def _check_readers(graph: Graph, name: str, count: int) -> None:
    if not count:
        raise GraphError(f"nothing reads tensor '{name}'", where=graph.name, remedy="remove it, or make it an output")
    if count > MOST_COPIES:
        raise GraphError(
            f"tensor '{name}' is read {count} times", where=graph.name, remedy=f"hls4ml copies {MOST_COPIES} times"
        )
    if name in graph.inputs and name in graph.outputs:
        raise GraphError(f"tensor '{name}' is input and output of the network at once", where=graph.name)
