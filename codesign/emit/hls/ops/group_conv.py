"""Group convolution (`hls/nnet_group_conv.h`); hls4ml has dense and depthwise ones only."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, own, signed_precision, sliding_windows, weight_precision
from codesign.graph.ops.group_conv import GroupConv
from codesign.hardware.mvu import fold_matrix
from codesign.hardware.ops import group_conv as built


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op, folding = cast(GroupConv, block.op), block.folding
    (x,), (y,) = block.inputs, block.outputs
    lie = built.arrangement(op, folding)
    matrix = built.matrix(op, x.type, folding.simd)
    weight = fold_matrix(matrix.values, folding.pe, matrix.simd)
    return own(
        block,
        constants={
            **sliding_windows(x, y, op.kernel, op.stride, op.pads),
            "n_filt": y.type.channels,
            "group_inputs": op.group_inputs,
            "pe": folding.pe,
            "simd": matrix.simd,
            "units": lie.units,
            "passes": lie.passes,
            "together": lie.together,
            "cycles": len(weight),
        },
        types={"accum_t": f"ap_{y.precision}"},
        arrays={
            "weight": (weight, weight_precision(weight)),
            "bias": (op.bias, signed_precision(op.bias)),
        },
    )
