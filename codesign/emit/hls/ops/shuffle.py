"""Channel shuffle (`hls/nnet_shuffle.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import Block, Layer, own, pixels
from codesign.graph.ops.shuffle import Shuffle


def layers(block: Block) -> tuple[Layer, ...]:
    return own(block, {**pixels(block.inputs[0]), "groups": cast(Shuffle, block.op).groups})
