"""TRANSPOSE_CONV: filters (C_out, kH, kW, C_in), its output's shape an input."""

from __future__ import annotations

import numpy as np

from codesign.frontend.ops.transposed import phases_of, transposed
from codesign.frontend.reader import ANY, only
from codesign.frontend.tflite.activation import FUSED
from codesign.frontend.tflite.importer import Importer
from codesign.frontend.tflite.layer import bias_of, requantized, scales_of
from codesign.frontend.tflite.model import Operator
from codesign.frontend.tflite.reader import Reader
from codesign.frontend.tflite.values import Codes
from codesign.frontend.tflite.windows import PADDING, VALID


def read_transpose_conv(importer: Importer, operator: Operator) -> Codes:
    """All pixels of a block at once, and a depth to space; SAME cuts off what that of a convolution adds."""
    weight, x = importer.constant(operator, 1, "INT8"), importer.map(operator, 2)
    assert weight.data is not None
    filters = weight.data.transpose(0, 3, 1, 2).astype(np.int64)
    stride = operator.option("stride_h"), operator.option("stride_w")
    sizes, kernel = importer.kind(x).shape[1:], filters.shape[2:]
    _, *results, _ = importer.result(operator).shape
    cuts = [
        0 if operator.option("padding") == VALID else max((-(-result // s) - 1) * s + k - result, 0) // 2
        for result, s, k in zip(results, stride, kernel, strict=True)
    ]
    rows, columns = (phases_of(*axis) for axis in zip(sizes, results, kernel, stride, cuts, strict=True))
    scales = scales_of(weight, 0)
    ops = transposed(filters, bias_of(importer, operator, len(filters), 3), scales, stride, rows, columns)
    return requantized(importer, operator, x, ops, scales)


READERS = (
    Reader(
        "TRANSPOSE_CONV",
        read_transpose_conv,
        5,
        {
            "padding": PADDING,
            "stride_w": ANY,
            "stride_h": ANY,
            "fused_activation_function": FUSED,
            "quantized_bias_type": only(0, 2),
        },
        range(3, 5),
    ),
)
