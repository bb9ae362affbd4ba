"""ConvTranspose: a convolution that makes all pixels of a block at once, its phases, and a depth to space.

With stride s, kernel k and p pixels cut off, output pixel s m + r is the sum of the taps s j + r + p of the kernel
times the input pixels m - j. Those of one r are a convolution over the input, so that nothing is multiplied by zeros
between pixels (Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._geometry import planar, spread, windows_of
from codesign.frontend.ops._weights import bias, weights
from codesign.frontend.reader import ANY, Reader, Values, attributes, only
from codesign.frontend.values import Activation
from codesign.graph import Op
from codesign.graph.convolution import convolution
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.windows import Pair


class Phases(NamedTuple):
    """Along one axis: taps (stride, window) of the kernel that each phase has over its window, -1 where it has none.

    before, after: padding of the input; crop: pixels of the last block that are left out.
    """

    taps: NDArray[np.int64]
    before: int
    after: int
    crop: int


def read_conv_transpose(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Transposed convolution with quantized weights, over maps or rows; dilated ones have zeros between their taps."""
    x, factor = importer.factored(node)
    groups = attributes(node, group=1)["group"]
    weight, scale = _weights(importer, node, groups, factor)
    options = attributes(node, kernel_shape=list(weight.shape[2:]))
    if options["kernel_shape"] != list(weight.shape[2:]):
        raise GraphError(f"kernel_shape {options['kernel_shape']} is not that of the weights, {weight.shape[2:]}")
    windows = windows_of(node, importer.shape(node.input[0]), weight.shape[2:])
    if min(windows.pads) < 0:
        raise GraphError(f"pads {list(windows.pads)} of a ConvTranspose are not supported", remedy="use none below 0")
    dense = spread(_by_output(planar(weight), groups), windows.dilation)
    outputs, sizes = len(dense), ([1, *importer.shape(node.output[0])[2:]])[-2:]
    addend, offset = bias(importer, node, 2, x, scale, outputs)
    axes = zip(importer.type(x).shape[1:], sizes, dense.shape[2:], windows.stride, windows.pads[:2], strict=True)
    rows, columns = (phases_of(*axis) for axis in axes)
    *before, last = transposed(dense, addend, scale, windows.stride, rows, columns, groups)
    for op in before:
        (tensor,) = importer.builder.add(op, [x.tensor], node, [None])
        x = Activation(tensor)
    return importer.emit_layer(last, [x], node, offset)


def transposed(
    filters: NDArray[np.int64],
    bias: NDArray[np.int64],
    scale: tuple[float, ...],
    stride: Pair,
    rows: Phases,
    columns: Phases,
    groups: int = 1,
) -> list[Op]:
    """The operators, one after the other, of a transposed convolution with filters (C_out, C_in / groups, kH, kW).

    bias: (C_out,) at the scale of the sums; scale: of the filters, one or one an output. Raises GraphError for groups
    of several outputs.
    """
    phases, outputs = _filters(filters, rows.taps, columns.taps), len(filters)
    count = len(phases)
    if groups > 1 and count > 1:
        if outputs != groups:
            raise GraphError(
                f"a ConvTranspose of {outputs // groups} outputs for each of {groups} groups is not supported",
                remedy="use one group, or as many as there are outputs",
            )
        phases = phases.swapaxes(0, 1)  # those of a group side by side
    op = convolution(
        phases.reshape(-1, *phases.shape[2:]),
        _by_phase(bias, count, groups),
        scale if len(scale) == 1 else tuple(_by_phase(np.array(scale), count, groups).tolist()),
        (1, 1),
        (rows.before, columns.before, rows.after, columns.after),
        groups=groups,
    )
    if count == 1:
        return [op]
    block = DepthToSpace(stride, (rows.crop, columns.crop))
    return [op, Shuffle(groups), block] if groups > 1 else [op, block]


def phases_of(size: int, result: int, kernel: int, stride: int, cut: int) -> Phases:
    """Along one axis of `size` pixels that becomes `result` of them; cut: how many are cut off at its beginning.

    The windows of all phases are the same, and as wide as it takes for no padding to be below zero.
    """
    blocks = -(-result // stride)
    newest = max(0, (kernel - 1 - cut) // stride)  # pixels m - newest to m - oldest: of the latter, -oldest lie ahead
    oldest = min(-((stride - 1 + cut) // stride), blocks - size)
    taps = stride * np.arange(newest, oldest - 1, -1) + np.arange(stride)[:, None] + cut
    taps = np.where((taps >= 0) & (taps < kernel), taps, -1)
    return Phases(taps, newest, blocks - size - oldest, blocks * stride - result)


def _weights(
    importer: Importer, node: onnx.NodeProto, groups: int, factor: float
) -> tuple[NDArray[np.int64], tuple[float, ...]]:
    """Integer weights as the node has them, and `factor` times their scale: one, or one per output.

    Outputs lie along axis 1; where a group has but one, along axis 0.
    """
    shape = importer.required(node, 1).shape
    if groups > 1 and shape[:2] == (groups, 1):
        return weights(importer, node, 1, factor=factor)
    weight, scale = weights(importer, node, 1, output_axis=1, factor=factor)
    return weight, scale * groups if len(scale) > 1 else scale


def _by_phase(values: NDArray[Any], count: int, groups: int) -> NDArray[Any]:
    """What outputs have, for `count` phases of each: phase by phase, or those of a group side by side."""
    return np.repeat(values, count) if groups > 1 else np.tile(values, count)


def _by_output(weight: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """(C_in, C_out / groups, kH, kW), as ConvTranspose has them, as (C_out, C_in / groups, kH, kW)."""
    inputs, outputs, *kernel = weight.shape
    parted = weight.reshape(groups, inputs // groups, outputs, *kernel)
    return parted.swapaxes(1, 2).reshape(groups * outputs, inputs // groups, *kernel)


def _filters(weight: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """(phases, C_out, C_in, window) of the filters' taps, zeros where a phase has none."""
    outputs, inputs, height, width = weight.shape
    bordered = np.zeros((outputs, inputs, height + 1, width + 1), weight.dtype)  # what -1 picks
    bordered[:, :, :height, :width] = weight
    picked = bordered[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    return picked.transpose(2, 3, 0, 1, 4, 5).reshape(-1, outputs, inputs, rows.shape[1], columns.shape[1])


NO_SHAPE = Values(lambda value: value is None, "left out")

READERS = (
    Reader(
        "ConvTranspose",
        read_conv_transpose,
        versions=(1, 11, 22),
        attributes={
            "auto_pad": only("NOTSET", "VALID"),
            "dilations": ANY,
            "group": ANY,
            "kernel_shape": ANY,
            "output_padding": ANY,
            "output_shape": NO_SHAPE,
            "pads": ANY,
            "strides": ANY,
        },
        inputs=range(2, 4),
    ),
)
