"""Pad: kept until the convolution that reads it."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer, attributes
from codesign.frontend.values import Constant, Padded, integers


def read_pad(importer: Importer, node: onnx.NodeProto) -> Padded:
    """A border of one value around a map."""
    if attributes(node, mode="constant")["mode"] != "constant":
        raise GraphError("only padding with a constant is supported")
    x = importer.quantized(node)
    pads, value, axes = importer.required(node, 1), importer.constant(node, 2), importer.constant(node, 3)
    around = np.zeros((2, 4), np.int64)
    around[:, range(4) if axes is None else axes.value % 4] = pads.reshape(2, -1)
    if around[:, :2].any() or around.min() < 0:
        raise GraphError("only rows and columns are padded", remedy="pad height and width")
    real = 0.0 if value is None else Constant(value.value).scalar
    border = int(integers(real, importer.type(x).scale[0], "the padding's value"))
    top, left, bottom, right = (int(count) for count in around[:, 2:].reshape(-1))
    return Padded(x, (top, left, bottom, right), border)


READERS = {"Pad": read_pad}
