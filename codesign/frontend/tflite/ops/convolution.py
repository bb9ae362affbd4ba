"""CONV_2D and DEPTHWISE_CONV_2D: (1, H, W, C) maps, one weight scale for each output channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.ops._geometry import spread
from codesign.frontend.reader import ANY, only
from codesign.frontend.tflite.activation import FUSED
from codesign.frontend.tflite.importer import Importer
from codesign.frontend.tflite.layer import bias_of, requantized, scales_of
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes
from codesign.frontend.tflite.windows import PADDING, pads_of, together
from codesign.graph import Op
from codesign.graph.convolution import convolution
from codesign.graph.ops.linear import Linear


def read_conv(importer: Importer, operator: Operator) -> Codes:
    """Filters (C_out, kH, kW, C_in / groups): dense, or in as many groups as the input's channels say."""
    weight = importer.constant(operator, 1, "INT8")
    assert weight.data is not None
    return _convolved(importer, operator, weight.data.transpose(0, 3, 1, 2), scales_of(weight, 0))


def read_depthwise(importer: Importer, operator: Operator) -> Codes:
    """Filters (1, kH, kW, C_in * multiplier): the outputs of one input channel lie side by side."""
    weight = importer.constant(operator, 1, "INT8")
    assert weight.data is not None
    return _convolved(importer, operator, weight.data.transpose(3, 0, 1, 2), scales_of(weight, 3))


def _convolved(importer: Importer, operator: Operator, weight: NDArray[np.int8], scales: tuple[float, ...]) -> Codes:
    x, border = importer.bordered(operator)
    kind = importer.kind(x)
    if kind.channels % weight.shape[1]:
        raise GraphError(f"has filters of {weight.shape[1]} channels for {kind.channels}", remedy="convert it again")
    dilation = operator.option("dilation_h_factor"), operator.option("dilation_w_factor")
    stride = operator.option("stride_h"), operator.option("stride_w")
    if min(*dilation, *stride) < 1:
        raise GraphError(f"has strides {stride} and dilations {dilation}", remedy="convert it again")
    dense = spread(weight.astype(np.int64), dilation)
    size = kind.height + border[0] + border[2], kind.width + border[1] + border[3]
    reach = dense.shape[2], dense.shape[3]
    same = pads_of(operator.option("padding"), size, reach, stride)
    pads = together(border, same)
    bias = bias_of(importer, operator, len(dense))
    op: Op
    if reach == kind.shape[1:] != (1, 1) and not any(pads) and weight.shape[1] == kind.channels:
        op = Linear(dense.reshape(len(dense), -1), bias, scales)
    else:
        op = convolution(dense, bias, scales, stride, pads, groups=kind.channels // weight.shape[1])
    return requantized(importer, operator, x, [op], scales)


WINDOW = {
    "padding": PADDING,
    "stride_w": ANY,
    "stride_h": ANY,
    "dilation_w_factor": ANY,
    "dilation_h_factor": ANY,
    "fused_activation_function": FUSED,
}

READERS = (
    Reader("CONV_2D", read_conv, 8, {**WINDOW, "quantized_bias_type": only(0, 2)}, range(2, 4)),
    Reader("DEPTHWISE_CONV_2D", read_depthwise, 7, {**WINDOW, "depth_multiplier": ANY}, range(2, 4)),
)
