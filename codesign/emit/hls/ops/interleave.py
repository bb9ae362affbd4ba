"""Interleaved channels (`hls/nnet_interleave.h`)."""

from __future__ import annotations

from codesign.emit.hls.base import Block, Layer, own, pixels


def layers(block: Block) -> tuple[Layer, ...]:
    return own(block, pixels(block.inputs[0]))
