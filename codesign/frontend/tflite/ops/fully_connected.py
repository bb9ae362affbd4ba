"""FULLY_CONNECTED: weights (outputs, inputs), inputs in the order of (H, W, C)."""

from __future__ import annotations

from math import prod

import numpy as np

from codesign.errors import GraphError
from codesign.frontend.reader import ANY, only
from codesign.frontend.tflite.activation import FUSED
from codesign.frontend.tflite.fixed_point import rounded_once
from codesign.frontend.tflite.importer import Importer
from codesign.frontend.tflite.layer import bias_of, requantized, scales_of
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.linear import Linear


def read_fully_connected(importer: Importer, operator: Operator) -> Codes:
    """All of a vector or map into one vector; or, where it has as many inputs as a map has channels, pixel by pixel."""
    x = importer.codes(operator)
    kind = importer.kind(x)
    weight = importer.constant(operator, 1, "INT8")
    scales, data = scales_of(weight, 0), weight.data
    assert data is not None
    outputs, inputs = data.shape
    bias, dense = bias_of(importer, operator, outputs), data.astype(np.int64)
    if inputs == prod(kind.shape):
        ordered = dense.reshape(outputs, *kind.shape[1:], kind.channels).transpose(0, 3, 1, 2)
        op: Linear | Conv = Linear(ordered.reshape(outputs, -1), bias, scales)
    elif len(x.shape) == 4 and inputs == kind.channels:
        op = Conv(dense.reshape(outputs, inputs, 1, 1), bias, scales)
    else:
        raise GraphError(
            f"has weights for {inputs} inputs, of {prod(kind.shape)}", remedy="convert it with batch size 1"
        )
    return requantized(importer, operator, x, [op], scales, rounded_once)


READERS = (
    Reader(
        "FULLY_CONNECTED",
        read_fully_connected,
        14,
        {
            "fused_activation_function": FUSED,
            "weights_format": only(0),
            "keep_num_dims": ANY,  # the shape of the result tells
            "asymmetric_quantize_inputs": ANY,  # of networks whose activations are real numbers
            "quantized_bias_type": only(0, 2),
        },
        range(2, 4),
    ),
)
