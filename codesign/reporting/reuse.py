"""What the channels of a binary layer share, and what its form in hardware takes beside the plain one."""

from __future__ import annotations

from codesign.cost.ops.binary_conv import plain_lut
from codesign.graph import Graph, Node
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.hardware.folding import Folding
from codesign.reporting.summary import Reuse
from codesign.reuse.mst import reuse_tree


def of_block(graph: Graph, node: Node, folding: Folding) -> Reuse | None:
    """None for blocks that are no binary convolution."""
    if not isinstance(node.op, BinaryConv):
        return None
    inputs, outputs = graph.input_types(node), graph.output_types(node)
    tree = reuse_tree(node.op.matrix)
    return Reuse(
        bit_operations=node.op.bit_operations(*inputs),
        kept=tree.kept,
        tree_depth=tree.depth,
        wired=folding.wired,
        plain_lut=plain_lut(node.op, inputs, outputs, folding),
    )
