"""hls4ml's 2-D convolutions: what dense and depthwise share."""

from __future__ import annotations

import numpy as np

from codesign.emit.hls.base import HlsBlock, Layer, as_float, signed_precision, weight_precision, window
from codesign.graph.op import IntArray
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise


def convolution(
    block: HlsBlock, kind: str, op: Conv | Depthwise, weight: IntArray, data: str, reuse_factor: int
) -> tuple[Layer, ...]:
    """hls4ml's layer `kind` with `weight` (kH, kW, C, filters a channel) as its attribute `data`."""
    (x,), (y,) = block.inputs, block.outputs
    attributes = {
        **window(x),
        "data_format": "channels_last",
        "n_filt": y.type.channels,
        "filt_height": weight.shape[0],
        "filt_width": weight.shape[1],
        "stride_height": op.stride[0],
        "stride_width": op.stride[1],
        "pad_top": op.pads[0],
        "pad_left": op.pads[1],
        "pad_bottom": op.pads[2] + weight.shape[0] - op.weight.shape[2],
        "pad_right": op.pads[3],
        "out_height": y.type.height,
        "out_width": y.type.width,
        data: as_float(weight),
        "bias_data": as_float(op.bias),
    }
    precisions = {
        "result": y.precision,
        "accum": y.precision,  # wraps around, so partial sums may leave the range
        "weight": weight_precision(weight),
        "bias": signed_precision(op.bias),
    }
    return (Layer(kind, block.name, (x.name,), (y.name,), attributes, precisions, reuse_factor),)


def second_row(weight: IntArray) -> IntArray:
    """(1, kW, ...) with a row of zeros below; `convolution` pads the input with another row in turn.

    hls4ml streams a kernel of one row through its 1-D code, which knows no vertical stride.
    """
    return np.concatenate([weight, np.zeros_like(weight)])
