"""Pointwise convolution and requantization: the layers of the two, one behind the other.

The HLS design holds its weights on chip; tiles of pixels and weights from memory are the SystemVerilog's alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, Stream
from codesign.emit.hls.ops import conv, requant
from codesign.graph.ops.conv_tile import ConvTile


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(ConvTile, block.op)
    name = f"{block.name}_sums"
    sums = (Stream(name, op.sums(*(stream.type for stream in block.inputs))),)
    first = replace(block, name=name, op=op.conv, outputs=sums)
    return (*conv.layers(first), *requant.layers(replace(block, op=op.requant, inputs=sums)))
