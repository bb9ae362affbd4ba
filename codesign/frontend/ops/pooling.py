"""MaxPool, and averages and sums over the whole map."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._geometry import AUTO_PAD, pads_of
from codesign.frontend.reader import ANY, Reader, attributes, each, only
from codesign.frontend.values import Activation
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.maxpool import MaxPool


def read_max_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Two-dimensional maximum."""
    x = importer.quantized(node)
    options = attributes(node, strides=[1, 1], kernel_shape=[])
    if len(options["kernel_shape"]) != 2:
        raise GraphError("only two-dimensional max-pooling is supported")
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
    if kernel != importer.shape(node.input[0])[2:]:
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


WINDOW = {"ceil_mode": ANY, "dilations": each(1), "kernel_shape": ANY, "strides": ANY}
"""The shape that results tells whether ceil_mode changes anything."""

READERS = (
    Reader(
        "MaxPool",
        read_max_pool,
        versions=(1, 8, 10, 11, 12, 22),
        attributes={
            **WINDOW,
            "auto_pad": AUTO_PAD,
            "pads": ANY,
            "storage_order": only(0, 1),
        },  # the order is that of indices
        spare_outputs=1,
    ),
    Reader("GlobalAveragePool", read_global_average, versions=(1, 22)),
    Reader(
        "AveragePool",
        read_average_pool,
        versions=(7, 10, 11, 19, 22),
        attributes={**WINDOW, "auto_pad": only("NOTSET", "VALID"), "count_include_pad": ANY, "pads": each(0)},
    ),
    Reader("ReduceMean", read_reduction, (1, 11, 13), {"axes": ANY, "keepdims": only(0, 1)}),
    Reader("ReduceMean", read_reduction, (18,), {"keepdims": only(0, 1), "noop_with_empty_axes": ANY}, range(1, 3)),
    Reader("ReduceSum", read_reduction, (1, 11), {"axes": ANY, "keepdims": only(0, 1)}),
    Reader("ReduceSum", read_reduction, (13,), {"keepdims": only(0, 1), "noop_with_empty_axes": ANY}, range(1, 3)),
)
