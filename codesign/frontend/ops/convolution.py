"""Conv: dense, depthwise, in groups and binary; fully connected where the kernel covers the whole map."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._geometry import AUTO_PAD, planar, spread, windows_of
from codesign.frontend.ops._weights import MOST_WEIGHT, bias, weights
from codesign.frontend.reader import ANY, Reader, attributes
from codesign.frontend.sums import MOST_MULTIPLIER
from codesign.frontend.values import Activation, Padded, integers
from codesign.graph import Op
from codesign.graph.convolution import convolution
from codesign.graph.ops.binary_conv import OUTSIDE, BinaryConv
from codesign.graph.ops.linear import Linear
from codesign.graph.windows import Pads


def _multiplies(importer: Importer, node: onnx.NodeProto) -> bool:
    """Whether every channel is multiplied with one number, as the two sides of a sum are to come to one scale."""
    outputs, *taps = importer.shape(node.input[1])
    return attributes(node, group=1)["group"] == outputs and set(taps) == {1}


def read_conv(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Convolution with quantized weights, over maps or rows; dilated ones have zeros between their taps."""
    x, factor, border, outside = _map(importer, node)
    most = MOST_MULTIPLIER if _multiplies(importer, node) else MOST_WEIGHT
    weight, scale = weights(importer, node, 1, factor=factor, most=most)
    options = attributes(node, group=1, kernel_shape=list(weight.shape[2:]))
    if options["kernel_shape"] != list(weight.shape[2:]):
        raise GraphError(f"kernel_shape {options['kernel_shape']} is not that of the weights, {weight.shape[2:]}")
    addend, offset = bias(importer, node, 2, x, scale, weight.shape[0])
    windows = windows_of(node, importer.shape(node.input[0]), weight.shape[2:])
    weight = spread(planar(weight), windows.dilation)
    zeros, strides = windows.pads, windows.stride
    pads = together(border, zeros)
    binary = importer.type(x).step == 2 and np.all(np.abs(weight) == 1) and options["group"] == 1
    op: Op
    if binary and outside == OUTSIDE and not any(zeros) and not addend.any():
        op = BinaryConv(weight, scale, strides, border)
        return importer.emit_layer(op, [x], node, offset)
    if any(border) and outside:
        raise GraphError(
            f"pads with {outside}", remedy="pad with zeros, or maps of -1 and +1 with -1 before binary weights"
        )
    covers = weight.shape[2:] == importer.type(x).shape[1:] and not any(pads)
    if options["group"] == 1 and covers and weight.shape[2:] != (1, 1):  # a pointwise one may stream its weights
        op = Linear(weight.reshape(weight.shape[0], -1), addend, scale)
    else:
        op = convolution(weight, addend, scale, strides, pads, groups=options["group"])
    return importer.emit_layer(op, [x], node, offset)


def _map(importer: Importer, node: onnx.NodeProto) -> tuple[Activation, float, Pads, int]:
    """The input map, its factor, and the pads and the value of a Pad before it; without one, no pads of the value that
    binary convolutions have."""
    value = importer.value(node.input[0])
    if isinstance(value, Padded):
        x, pads, outside = bordered(importer, value)
        return x, 1.0, pads, outside
    return *importer.factored(node), (0, 0, 0, 0), OUTSIDE


def bordered(importer: Importer, value: Padded) -> tuple[Activation, Pads, int]:
    """The map within a border, the border's pixels, and their integer."""
    if not isinstance(value.x, Activation):
        raise GraphError("reads a map that is not quantized", remedy="put a quantizer before or behind the padding")
    return value.x, value.pads, int(integers(np.array(value.value), importer.type(value.x).scale[0], "the padding"))


def together(a: Pads, b: Pads) -> Pads:
    """Two borders as one."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


READERS = (
    Reader(
        "Conv",
        read_conv,
        versions=(1, 11, 22),
        attributes={
            "auto_pad": AUTO_PAD,
            "dilations": ANY,
            "group": ANY,
            "kernel_shape": ANY,
            "pads": ANY,
            "strides": ANY,
        },
        inputs=range(2, 4),
    ),
)
