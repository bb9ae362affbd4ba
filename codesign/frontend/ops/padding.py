"""Pad: kept until the convolution or the pooling that reads it."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import ANY, Reader, attributes, only
from codesign.frontend.values import Constant, Padded, Unquantized


def read_pad(importer: Importer, node: onnx.NodeProto) -> Padded:
    """A border of one value around a map; its sizes and its value are inputs."""
    pads, value, axes = importer.required(node, 1), importer.constant(node, 2), importer.constant(node, 3)
    around = np.zeros((2, 4), np.int64)
    around[:, range(4) if axes is None else axes.value % 4] = pads.reshape(2, -1)
    return _padded(importer, node, around, 0.0 if value is None else Constant(value.value).scalar)


def read_pad_attributes(importer: Importer, node: onnx.NodeProto) -> Padded:
    """The same with attributes, up to opset 10."""
    options = attributes(node, value=0.0)
    return _padded(importer, node, np.array(options["pads"], np.int64).reshape(2, 4), options["value"])


def _padded(importer: Importer, node: onnx.NodeProto, around: NDArray[np.int64], value: float) -> Padded:
    """around: what is added before (row 0) and after (row 1) each axis."""
    if around[:, :2].any() or around.min() < 0:
        raise GraphError("only rows and columns are padded", remedy="pad height and width")
    source = importer.value(node.input[0])
    x = source if isinstance(source, Unquantized) and source.kind is None else importer.quantized(node)
    top, left, bottom, right = (int(count) for count in around[:, 2:].reshape(-1))
    return Padded(x, (top, left, bottom, right), value)


READERS = (
    Reader("Pad", read_pad_attributes, (2,), {"mode": only("constant"), "pads": ANY, "value": ANY}),
    Reader("Pad", read_pad, (11, 13), {"mode": only("constant")}, range(2, 4)),
    Reader("Pad", read_pad, (18, 19, 21, 23, 24, 25), {"mode": only("constant")}, range(2, 5)),
)
