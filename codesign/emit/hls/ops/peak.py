"""Heat-map peaks (`hls/nnet_peak.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, window
from codesign.graph.ops.peak import Peak


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Peak, block.op)
    return own(block, {**window(block.inputs[0]), "threshold": op.threshold, "floor": op.floor})
