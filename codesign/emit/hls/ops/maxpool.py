"""Max-pooling (`hls/nnet_maxpool.h`); hls4ml's own streams no padding."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, sliding_windows
from codesign.graph.ops.maxpool import MaxPool


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(MaxPool, block.op)
    windows = sliding_windows(block.inputs[0], block.outputs[0], op.reach, op.stride, op.pads)
    return own(block, {**windows, "dilation_height": op.dilation[0], "dilation_width": op.dilation[1]})
