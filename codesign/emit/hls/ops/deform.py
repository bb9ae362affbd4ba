"""Square integer deformable depthwise convolution (`hls/nnet_deform.h`)."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, signed_precision, weight_precision, window
from codesign.graph.ops.deform import Deform
from codesign.hardware.folding import divisors


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Deform, block.op)
    (x, s), (y,) = block.inputs, block.outputs
    # a tap further away than the map is high lies outside, whatever the dilation says
    reach = min(s.type.magnitude, x.type.height - 1)
    return own(
        block,
        constants={
            **window(x),
            "reach": reach,
            "lanes": max(d for d in divisors(x.type.channels) if d <= block.folding.pe),
        },
        types={"accum_t": f"ap_{y.precision}"},
        arrays={
            "weight": (op.weight.reshape(x.type.channels, 9).T, weight_precision(op.weight)),
            "bias": (op.bias, signed_precision(op.bias)),
        },
    )
