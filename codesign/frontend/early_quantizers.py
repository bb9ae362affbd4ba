"""Quantizers of what only moves are put before it, so that memories hold activations in place of wider sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codesign.frontend.moving import moved_behind, only_reader
from codesign.graph import Graph, IntArray, Node, Op
from codesign.graph.op import fields_of
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.types import TensorType


def quantized_early(graph: Graph) -> Graph:
    """`graph` with every quantizer moved before the depth to space, and the shuffle, whose sums it alone reads.

    It computes the same, and the blocks keep their names. The moved block's output is then what the quantizer's was.
    """
    for node in reversed(graph.nodes):
        quantizer = _reader(graph, node)
        if quantizer is not None:
            graph = _swapped(graph, node, quantizer)
    return graph


def _swapped(graph: Graph, mover: Node, quantizer: Node) -> Graph:
    (x,) = graph.input_types(mover)
    op = _with_channels(quantizer.op, _results(mover.op, x))
    behind = {
        mover.name: (),
        quantizer.name: (Node(quantizer.name, op, mover.inputs), Node(mover.name, mover.op, (quantizer.name,))),
    }
    return moved_behind(graph, mover, quantizer, behind)


def _results(op: Op, x: TensorType) -> IntArray:
    """For every input channel of a block that moves, the output channel that it becomes."""
    channels = np.arange(x.channels)
    if isinstance(op, DepthToSpace):
        return channels % (x.channels // op.phases)
    assert isinstance(op, Shuffle)
    run = x.channels // op.groups
    return channels % run * op.groups + channels // run


def _with_channels(op: Op, channels: IntArray) -> Op:
    """A quantizer with the parameters of these channels; what it has for all of them stays."""
    arrays = {name: value for name, value in fields_of(op).items() if isinstance(value, np.ndarray)}
    own = {name: array[channels] for name, array in arrays.items() if len(array) > 1}
    return replace(op, **own)  # type: ignore[type-var]


def _reader(graph: Graph, node: Node) -> Node | None:
    """The quantizer that alone reads the sums which `node` moves."""
    reader = only_reader(graph, node) if isinstance(node.op, DepthToSpace | Shuffle) else None
    if reader is None or not reader.op.quantizes or reader.name in graph.outputs:
        return None
    return reader if graph.types[reader.name].bits < graph.types[node.name].bits else None
