"""Global average pooling (`hls/nnet_avgpool.h`): hls4ml's own divides, and rounds."""

from __future__ import annotations

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    return own(block, pixels(block.inputs[0]))
