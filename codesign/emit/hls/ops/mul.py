"""Product of two streams (`hls/nnet_mul.h`)."""

from __future__ import annotations

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    a, b = block.inputs
    constants = {"n_served": a.type.pixels // b.type.pixels, "n_gates": b.type.channels}
    return own(block, {**pixels(a), **constants})
