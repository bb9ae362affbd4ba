"""Dense convolution: hls4ml's `Conv2D`, which it turns into `PointwiseConv2D` where the kernel is 1x1."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, reuse_factor
from codesign.emit.hls.convolution import convolution, second_row
from codesign.graph.ops.conv import Conv


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Conv, block.op)
    weight = op.weight.transpose(2, 3, 1, 0)
    if op.kernel[0] == 1 and op.kernel[1] > 1:
        weight = second_row(weight)
    factor = reuse_factor(block.folding, weight[..., 0].size, weight.shape[3])
    return convolution(block, "Conv2D", op, weight, "weight_data", factor)
