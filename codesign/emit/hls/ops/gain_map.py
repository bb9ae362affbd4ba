"""Gains of places (`hls/nnet_gain_map.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, signed_precision, window
from codesign.graph.ops.gain_map import GainMap


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(GainMap, block.op)
    return own(
        block,
        window(block.inputs[0]),
        arrays={
            "rows": (op.rows, signed_precision(op.rows)),
            "columns": (op.columns, signed_precision(op.columns)),
        },
    )
