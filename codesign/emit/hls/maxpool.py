"""Max-pooling (`hls/nnet_maxpool.h`); hls4ml's own streams no padding."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import Block, Layer, own, window
from codesign.graph.ops.maxpool import MaxPool


def layers(block: Block) -> tuple[Layer, ...]:
    op = cast(MaxPool, block.op)
    (y,) = block.outputs
    return own(
        block,
        {
            **window(block.inputs[0]),
            "out_height": y.type.height,
            "out_width": y.type.width,
            "kernel_height": op.kernel[0],
            "kernel_width": op.kernel[1],
            "stride_height": op.stride[0],
            "stride_width": op.stride[1],
            "pad_top": op.pads[0],
            "pad_left": op.pads[1],
        },
    )
