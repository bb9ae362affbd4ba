"""Requantization by shifts (`hls/nnet_requant.h`): rounding and saturation are those of its `rounded_t`."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, pixels, signed_precision
from codesign.graph.ops.requant import Requant


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Requant, block.op)
    (x,), (y,) = block.inputs, block.outputs
    fraction, growth = max(0, int(op.shift.max())), max(0, -int(op.shift.min()))
    whole = x.type.bits + growth + (0 if x.type.signed else 1)
    sign = "" if y.type.signed else "u"
    return own(
        block,
        constants={**pixels(x), "n_shift": op.shift.size, "lo": y.type.lo, "hi": y.type.hi},
        types={
            "exact_t": f"ap_fixed<{whole + fraction}, {whole}>",
            "rounded_t": f"ap_{sign}fixed<{y.type.bits}, {y.type.bits}, AP_RND_CONV, AP_SAT>",
        },
        arrays={"shift": (op.shift, signed_precision(op.shift))},
    )
