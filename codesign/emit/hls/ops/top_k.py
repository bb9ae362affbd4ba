"""Indices of the largest channels (`hls/nnet_top_k.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels
from codesign.graph.ops.top_k import TopK


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    return own(block, {**pixels(block.inputs[0]), "k": cast(TopK, block.op).k})
