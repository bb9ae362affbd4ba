"""MaxPool, and averages and sums over the whole map."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.ops._geometry import pads_of
from codesign.frontend.values import Activation
from codesign.graph.ops.avgpool import AvgPool
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


def read_global_average(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The average of every channel."""
    x = importer.quantized(node)
    return importer.emit(AvgPool(importer.type(x).pixels), [x], node)


def read_average_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """An average over windows: the whole map is the only one supported."""
    kernel = tuple(attributes(node, kernel_shape=[])["kernel_shape"])
    if kernel != importer.shape(node.input[0])[2:] or any(attributes(node, pads=[0])["pads"]):
        raise GraphError(
            f"averages over windows of {kernel} are not supported", remedy="average the whole map, or use max-pooling"
        )
    return read_global_average(importer, node)


def read_reduction(importer: Importer, node: onnx.NodeProto) -> Activation:
    """ReduceMean and ReduceSum over height and width; a power of two that multiplies the sum becomes its divisor."""
    x, options = importer.quantized(node), attributes(node, axes=[], keepdims=1)
    axes = importer.constant(node, 1)
    over = np.asarray(options["axes"] if axes is None else axes.value).reshape(-1)
    if sorted(int(axis) % 4 for axis in over) != [2, 3]:
        raise GraphError(f"a {node.op_type} over axes {over.tolist()} is not supported", remedy="reduce axes 2 and 3")
    divisor = importer.type(x).pixels if node.op_type == "ReduceMean" else 1
    return importer.emit(AvgPool(divisor), [x], node, "map" if options["keepdims"] else "flat")


READERS = {
    "MaxPool": read_max_pool,
    "GlobalAveragePool": read_global_average,
    "AveragePool": read_average_pool,
    "ReduceMean": read_reduction,
    "ReduceSum": read_reduction,
}
