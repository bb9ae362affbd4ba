"""Requantization by a multiplier (`hls/nnet_rescale.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels, signed_precision
from codesign.graph.ops.rescale import Rescale
from codesign.hardware.ops.rescale import multiplication


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Rescale, block.op)
    (x,), (y,) = block.inputs, block.outputs
    multiplier, offset, shift = op.aligned
    sums = multiplication(op, [x.type], block.folding).sum_bits
    return own(
        block,
        constants={
            **pixels(x),
            "n_multiplier": multiplier.size,
            "n_offset": offset.size,
            "shift": shift,
            "single": int(op.single),
            "lo": y.type.lo,
            "hi": y.type.hi,
        },
        types={"sum_t": f"ap_int<{sums}>"},
        arrays={
            "multiplier": (multiplier, signed_precision(multiplier)),
            "offset": (offset, signed_precision(offset)),
        },
    )
