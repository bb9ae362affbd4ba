"""Conv: dense, depthwise and in groups; fully connected where the kernel covers the whole map."""

from __future__ import annotations

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.ops._geometry import pads_of
from codesign.frontend.ops._weights import bias, weights
from codesign.frontend.values import Activation
from codesign.graph import Op
from codesign.graph.convolution import convolution
from codesign.graph.ops.linear import Linear


def read_conv(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Two-dimensional convolution with quantized weights."""
    x = importer.quantized(node)
    weight, scale = weights(importer, node, 1)
    options = attributes(node, group=1, strides=[1, 1], dilations=[1, 1])
    if weight.ndim != 4:
        raise GraphError(f"a convolution over {weight.ndim - 2} dimensions is not supported", remedy="use Conv2d")
    if any(step != 1 for step in options["dilations"]):
        raise GraphError(f"dilations {tuple(options['dilations'])} are not supported", remedy="use dilation 1")
    addend, offset = bias(importer, node, 2, x, scale, weight.shape[0])
    pads = pads_of(node, importer.shape(node.input[0]), weight.shape[2:], options["strides"])
    covers = weight.shape[2:] == importer.type(x).shape[1:] and not any(pads)
    op: Op
    if options["group"] == 1 and covers and weight.shape[2:] != (1, 1):  # a pointwise one may stream its weights
        op = Linear(weight.reshape(weight.shape[0], -1), addend, scale)
    else:
        op = convolution(weight, addend, scale, tuple(options["strides"]), pads, groups=options["group"])
    return importer.emit_layer(op, [x], node, offset)


READERS = {"Conv": read_conv}
