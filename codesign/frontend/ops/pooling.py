"""MaxPool."""

from __future__ import annotations

import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.ops._geometry import pads_of
from codesign.frontend.values import Activation
from codesign.graph.ops.maxpool import MaxPool


def read_max_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Two-dimensional maximum."""
    x = importer.quantized(node)
    options = attributes(node, strides=[1, 1], dilations=[1, 1], ceil_mode=0, kernel_shape=[])
    if len(options["kernel_shape"]) != 2 or any(step != 1 for step in options["dilations"]):
        raise GraphError("only two-dimensional max-pooling without dilation is supported")
    kernel, stride = tuple(options["kernel_shape"]), tuple(options["strides"])
    pads = pads_of(node, importer.shape(node.input[0]), kernel, stride)
    result = importer.emit(MaxPool(kernel, stride, pads), [x], node)
    if importer.type(result).shape != importer.shape(node.output[0])[1:]:
        raise GraphError("a max-pool with ceil_mode is not supported here", remedy="pad the input instead")
    return result


READERS = {"MaxPool": read_max_pool}
