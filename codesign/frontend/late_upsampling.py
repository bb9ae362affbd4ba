"""Pointwise convolutions of upsampled maps are computed before the upsampling, at a fraction of the multiplications."""

from __future__ import annotations

from codesign.frontend.moving import moved_behind, only_reader
from codesign.graph import Graph, Node
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.upsample import Upsample


def upsampled_late(graph: Graph) -> Graph:
    """`graph` with every upsampling moved behind the requantized pointwise convolution that alone reads it.

    It computes the same. The blocks keep their names. The upsampling's output is then what the requantization's was,
    and those of the other two are smaller maps that the file does not have.
    """
    for node in graph.nodes:
        pair = _reader(graph, node)
        if pair is not None:
            graph = _moved(graph, node, *pair)
    return graph


def _moved(graph: Graph, upsample: Node, conv: Node, requant: Node) -> Graph:
    behind = {
        conv.name: (Node(conv.name, conv.op, upsample.inputs),),
        requant.name: (requant, Node(upsample.name, upsample.op, (requant.name,))),
        upsample.name: (),
    }
    return moved_behind(graph, upsample, requant, behind)


def _reader(graph: Graph, node: Node) -> tuple[Node, Node] | None:
    """The pointwise convolution that alone reads an upsampling, and the requantization that alone reads its sums."""
    if not isinstance(node.op, Upsample):
        return None
    conv = only_reader(graph, node)
    if conv is None or not isinstance(conv.op, Conv) or not conv.op.pointwise:
        return None
    requant = only_reader(graph, conv)
    if requant is None or not requant.op.quantizes or requant.name in graph.outputs:
        return None
    return conv, requant
