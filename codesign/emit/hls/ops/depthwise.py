"""Depthwise convolution: hls4ml's `DepthwiseConv2D`."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer
from codesign.emit.hls.convolution import convolution, second_row
from codesign.graph.ops.depthwise import Depthwise
from codesign.hardware.folding import divisors


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Depthwise, block.op)
    weight = op.weight.transpose(2, 3, 0, 1)
    if op.kernel[0] == 1:
        weight = second_row(weight)
    multipliers = block.folding.inputs
    factor = min(d for d in divisors(weight.size) if d * multipliers >= weight.size)
    return convolution(block, "DepthwiseConv2D", op, weight, "depthwise_data", factor)
