"""MaxPool, averages over windows, and averages and sums over the whole map."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._geometry import AUTO_PAD, Windows, spread, windows_of
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.refusal import RefusalError
from codesign.frontend.values import Activation
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.windows import Pads


def read_max_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Maximum over windows of a map or a row. What rises with the integers commutes with it, and is left for later."""
    x = importer.rising(node)
    windows = windows_of(node, importer.shape(node.input[0]), attributes(node)["kernel_shape"])
    pads = _with_ceiling(importer, node, windows)
    if windows.dilation != (1, 1):
        raise GraphError(f"dilations = {list(windows.dilation)} of MaxPool is not supported", remedy="use 1")
    op = MaxPool(windows.kernel, windows.stride, pads)
    if not x.steps:
        return importer.emit(op, [x], node)
    (tensor,) = importer.builder.add(op, [x.tensor], node, [None])
    return replace(x, tensor=tensor, origin=None if x.clipped else node.output[0])


def _with_ceiling(importer: Importer, node: onnx.NodeProto, windows: Windows) -> Pads:
    """The pads, and as many more at the end as windows need that ceil_mode adds."""
    (height, width), (rows, columns) = (
        ([1, *importer.shape(name)[2:]])[-2:] for name in (node.input[0], node.output[0])
    )
    top, left, bottom, right = windows.pads
    (down, across), (reach_y, reach_x) = windows.stride, windows.reach
    lower = (rows - 1) * down + reach_y - height - top
    further = (columns - 1) * across + reach_x - width - left
    return top, left, max(bottom, lower), max(right, further)


def read_global_average(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The average of every channel."""
    x = importer.quantized(node)
    return importer.emit(AvgPool(importer.type(x).pixels), [x], node)


def read_average_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """An average over windows: the sum of each, by a depthwise convolution of ones, at a scale that much finer."""
    options = attributes(node, count_include_pad=0)
    windows = windows_of(node, importer.shape(node.input[0]), options["kernel_shape"])
    x = importer.quantized(node)
    kind = importer.type(x)
    if windows.reach == kind.shape[1:] and not any(windows.pads):
        return read_global_average(importer, node)
    if any(windows.pads) and not options["count_include_pad"]:
        raise RefusalError(
            "averages at the border leave out the padding",
            remedy="set count_include_pad, or do without padding",
            rewrite="average_windows",
        )
    if windows.pads != _with_ceiling(importer, node, windows):
        raise RefusalError(
            "ceil_mode of an average is not supported", remedy="pad the input instead", rewrite="average_windows"
        )
    weight = spread(np.ones((kind.channels, 1, *windows.kernel), np.int64), windows.dilation)
    share = 1 / prod(windows.kernel)
    bias = np.zeros(kind.channels, np.int64)
    return importer.emit(Depthwise(weight, bias, (share,), windows.stride, windows.pads), [x], node)


def read_reduction(importer: Importer, node: onnx.NodeProto) -> Activation:
    """ReduceMean and ReduceSum over height and width; a power of two that multiplies the sum becomes its divisor."""
    x, options = importer.quantized(node), attributes(node, axes=[], keepdims=1)
    rank = len(importer.shape(node.input[0]))
    axes = importer.constant(node, 1)
    over = np.asarray(options["axes"] if axes is None else axes.value).reshape(-1)
    if sorted(int(axis) % rank for axis in over) != list(range(2, rank)):
        raise GraphError(
            f"a {node.op_type} over axes {over.tolist()} is not supported", remedy="reduce height and width"
        )
    divisor = importer.type(x).pixels if node.op_type == "ReduceMean" else 1
    return importer.emit(AvgPool(divisor), [x], node, "map" if options["keepdims"] else "flat")


WINDOW = {"ceil_mode": ANY, "dilations": ANY, "kernel_shape": ANY, "strides": ANY}
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
        attributes={**WINDOW, "auto_pad": AUTO_PAD, "count_include_pad": ANY, "pads": ANY},
    ),
    Reader("ReduceMean", read_reduction, (1, 11, 13), {"axes": ANY, "keepdims": only(0, 1)}),
    Reader("ReduceMean", read_reduction, (18,), {"keepdims": only(0, 1), "noop_with_empty_axes": ANY}, range(1, 3)),
    Reader("ReduceSum", read_reduction, (1, 11), {"axes": ANY, "keepdims": only(0, 1)}),
    Reader("ReduceSum", read_reduction, (13,), {"keepdims": only(0, 1), "noop_with_empty_axes": ANY}, range(1, 3)),
)
