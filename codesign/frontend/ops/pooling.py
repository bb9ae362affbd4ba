"""MaxPool, averages over windows, and averages and sums over the whole map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._averages import averaging
from codesign.frontend.ops._geometry import AUTO_PAD, Windows, windows_of
from codesign.frontend.ops.convolution import bordered, together
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.values import Activation, Padded
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.windows import Pads

POOL_PADS = "let the pooling pad, or put the padding before a convolution"


def read_max_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Maximum over windows of a map or a row. What rises with the integers commutes with it, and is left for later."""
    windows = windows_of(node, importer.shape(node.input[0]), attributes(node)["kernel_shape"])
    pads = _with_ceiling(importer, node, windows)
    x, border = _bordered(importer, node, lowest=True) or (importer.rising(node), (0, 0, 0, 0))
    pads = together(pads, border)
    op = MaxPool(windows.kernel, windows.stride, pads, windows.dilation)
    if not x.steps:
        return importer.emit(op, [x], node)
    (tensor,) = importer.builder.add(op, [x.tensor], node, [None])
    return replace(x, tensor=tensor, origin=None if x.clipped else node.output[0])


def _bordered(importer: Importer, node: onnx.NodeProto, lowest: bool) -> tuple[Activation, Pads] | None:
    """The map within a border of zeros, and the border; None if it has none. lowest: whether no value may be below."""
    value = importer.value(node.input[0])
    if not isinstance(value, Padded):
        return None
    x, pads, outside = bordered(importer, value)
    if outside or (lowest and importer.type(x).lo < 0):
        raise GraphError(f"a {node.op_type} of a map with a border of {outside} is not supported", remedy=POOL_PADS)
    return x, pads


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


def read_global_maximum(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The maximum of every channel: GlobalMaxPool, or ReduceMax over height and width."""
    x, options = importer.quantized(node), attributes(node, axes=[], keepdims=1)
    if node.op_type == "ReduceMax":
        _check_axes(importer, node, options["axes"])
    _, height, width = importer.type(x).shape
    return importer.emit(MaxPool((height, width), (1, 1), (0, 0, 0, 0)), [x], node, _layout(options["keepdims"]))


def _layout(keepdims: int) -> str:
    return "map" if keepdims else "flat"


def _check_axes(importer: Importer, node: onnx.NodeProto, given: list[int]) -> None:
    """Raises GraphError unless a reduction is over height and width. given: its axes where they are an attribute."""
    rank = len(importer.shape(node.input[0]))
    axes = importer.constant(node, 1)
    over = np.asarray(given if axes is None else axes.value).reshape(-1)
    if sorted(int(axis) % rank for axis in over) != list(range(2, rank)):
        raise GraphError(
            f"a {node.op_type} over axes {over.tolist()} is not supported", remedy="reduce height and width"
        )


def read_average_pool(importer: Importer, node: onnx.NodeProto) -> Activation:
    """An average over windows, which counts the padding or leaves it out; what ceil_mode adds is never counted."""
    options = attributes(node, count_include_pad=0)
    windows = windows_of(node, importer.shape(node.input[0]), options["kernel_shape"])
    x, border = _bordered(importer, node, lowest=False) or (importer.quantized(node), (0, 0, 0, 0))
    counted = together(border, windows.pads) if options["count_include_pad"] else border
    windows = replace(windows, pads=together(border, _with_ceiling(importer, node, windows)))
    (*first, last), _ = averaging(importer.type(x), windows, counted)
    for op in first:
        (tensor,) = importer.builder.add(op, [x.tensor], node, [None])
        x = replace(x, tensor=tensor)
    return importer.emit(last, [x], node)


def read_reduction(importer: Importer, node: onnx.NodeProto) -> Activation:
    """ReduceMean and ReduceSum over height and width; a power of two that multiplies the sum becomes its divisor."""
    x, options = importer.quantized(node), attributes(node, axes=[], keepdims=1)
    _check_axes(importer, node, options["axes"])
    divisor = importer.type(x).pixels if node.op_type == "ReduceMean" else 1
    return importer.emit(AvgPool(divisor), [x], node, _layout(options["keepdims"]))


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
    Reader("GlobalMaxPool", read_global_maximum, versions=(1, 22)),
    Reader("ReduceMax", read_global_maximum, (1, 11, 12, 13), {"axes": ANY, "keepdims": only(0, 1)}),
    Reader(
        "ReduceMax", read_global_maximum, (18, 20), {"keepdims": only(0, 1), "noop_with_empty_axes": ANY}, range(1, 3)
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
