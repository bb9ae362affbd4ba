"""DeformConv whose offsets scale a 3x3 grid by one integer per position."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.ops._weights import bias, weights
from codesign.frontend.reader import ANY, Reader, attributes, each, only
from codesign.frontend.values import Activation
from codesign.graph.ops.deform import Deform

ANCHOR = np.array([[ky, kx] for ky in (-1, 0, 1) for kx in (-1, 0, 1)], dtype=np.float64).reshape(-1)
"""Offsets of a 3x3 grid of dilation 1 from its centre, (h, w) interleaved per tap, as in DeformConv's input."""


def read_deform_conv(importer: Importer, node: onnx.NodeProto) -> Activation:
    """Depthwise 3x3 DeformConv with offsets `anchor * (s - 1)`, s quantized to integers of scale 1."""
    x, factor = importer.factored(node)
    weight, scale = weights(importer, node, 1, factor=factor)
    channels = importer.type(x).channels
    group = attributes(node, group=1)["group"]
    if group != channels:
        raise GraphError(
            f"group = {group} of DeformConv over {channels} channels is not supported", remedy="use depthwise"
        )
    addend, offset = bias(importer, node, 3, x, scale, weight.shape[0])
    return importer.emit_layer(Deform(weight, addend, scale), [x, _dilation(importer, node)], node, offset)


def _dilation(importer: Importer, node: onnx.NodeProto) -> Activation:
    """The tensor s. Raises GraphError unless the offsets are anchor * (s - 1)."""
    offsets = importer.activation(node, 2)
    gain = np.ones(1) if offsets.gain is None else offsets.gain
    offset = np.zeros(1) if offsets.offset is None else offsets.offset
    square = gain.shape == ANCHOR.shape and np.array_equal(gain, ANCHOR)
    if not square or not np.array_equal(np.broadcast_to(offset, ANCHOR.shape), -ANCHOR) or offsets.clipped:
        raise GraphError(
            "the offsets are not anchor * (s - 1) of one quantized integer s per position",
            remedy="use codesign's square deformable convolution",
        )
    return Activation(offsets.tensor)


READERS = (
    Reader(
        "DeformConv",
        read_deform_conv,
        versions=(19, 22),
        attributes={
            "dilations": each(1),
            "group": ANY,
            "kernel_shape": only(None, [3, 3]),
            "offset_group": only(1),
            "pads": only([1, 1, 1, 1]),
            "strides": each(1),
        },
        inputs=range(3, 5),
    ),
)
