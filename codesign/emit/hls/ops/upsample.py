"""Nearest-neighbour upsampling (`hls/nnet_upsample.h`); hls4ml's own unrolls a whole row in hardware."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, window
from codesign.graph.ops.upsample import Upsample


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    return own(block, {**window(block.inputs[0]), "factor": cast(Upsample, block.op).factor})
