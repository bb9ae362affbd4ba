"""What the channels of a binary layer share, and what its form in hardware takes beside the plain one."""

from __future__ import annotations

from codesign.cost.ops.binary_conv import plain_lut
from codesign.design import BuiltBlock
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.reporting.summary import Reuse
from codesign.reuse.mst import reuse_tree


def of_block(block: BuiltBlock) -> Reuse | None:
    """None for blocks that are no binary convolution."""
    op = block.node.op
    if not isinstance(op, BinaryConv):
        return None
    tree = reuse_tree(op.matrix)
    return Reuse(
        bit_operations=op.macs(*block.input_types),
        kept=tree.kept,
        tree_depth=tree.depth,
        wired=block.folding.wired,
        plain_lut=plain_lut(op, block.input_types, block.output_types, block.folding),
    )
