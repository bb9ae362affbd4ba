"""Channel shuffle (`hls/nnet_shuffle.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels
from codesign.graph.ops.shuffle import Shuffle


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    return own(block, {**pixels(block.inputs[0]), "groups": cast(Shuffle, block.op).groups})
