"""Depth to space (`hls/nnet_depth_to_space.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own
from codesign.graph.ops.depth_to_space import DepthToSpace


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op, x, y = cast(DepthToSpace, block.op), block.inputs[0].type, block.outputs[0].type
    constants = {
        "in_height": x.height,
        "in_width": x.width,
        "out_height": y.height,
        "out_width": y.width,
        "block_height": op.block[0],
        "block_width": op.block[1],
        "n_chan": y.channels,
    }
    return own(block, constants)
