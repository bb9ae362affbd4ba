"""Split along the channels (`hls/nnet_split.h`)."""

from __future__ import annotations

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    return own(block, pixels(block.inputs[0]))
