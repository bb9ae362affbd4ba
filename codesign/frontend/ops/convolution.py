"""Conv: dense and depthwise; fully connected where the kernel covers the whole map."""

from __future__ import annotations

from typing import Any

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.ops._geometry import pads_of
from codesign.frontend.ops._weights import bias, weights
from codesign.frontend.values import Activation
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.linear import Linear


def read_conv(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Two-dimensional convolution with quantized weights."""
    x = importer.quantized(node)
    channels = importer.type(x).channels
    weight, scale = weights(importer, node, 1)
    options = attributes(node, group=1, strides=[1, 1], dilations=[1, 1])
    if weight.ndim != 4:
        raise GraphError(f"a convolution over {weight.ndim - 2} dimensions is not supported", remedy="use Conv2d")
    if any(step != 1 for step in options["dilations"]):
        raise GraphError(f"dilations {tuple(options['dilations'])} are not supported", remedy="use dilation 1")
    shared: dict[str, Any] = {
        "weight": weight,
        "bias": bias(importer, node, 2, x, scale, weight.shape[0]),
        "weight_scale": scale,
        "stride": tuple(options["strides"]),
        "pads": pads_of(node, importer.shape(node.input[0]), weight.shape[2:], options["strides"]),
    }
    if options["group"] == 1:
        covers = weight.shape[2:] == importer.type(x).shape[1:] and not any(shared["pads"])
        if covers and weight.shape[2:] != (1, 1):  # a pointwise one may stream its weights
            matrix = weight.reshape(weight.shape[0], -1)
            return importer.emit(Linear(matrix, shared["bias"], scale), [x], node)
        return importer.emit(Conv(**shared), [x], node)
    if options["group"] == channels == weight.shape[0]:
        return importer.emit(Depthwise(**shared), [x], node)
    raise GraphError(
        f"{options['group']} groups for {channels} input and {weight.shape[0]} output channels are not supported",
        remedy="use groups=1, or a depthwise convolution with as many outputs as inputs",
    )


READERS = {"Conv": read_conv}
