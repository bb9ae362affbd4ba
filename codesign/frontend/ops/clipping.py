"""Relu and Clip: bounds that the next quantizer takes over."""

from __future__ import annotations

import numpy as np
import onnx

from codesign.frontend.importer import Importer, attributes
from codesign.frontend.values import Activation


def read_relu(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = max(x, 0)."""
    return importer.activation(node).clip(0.0, np.inf)


def read_clip(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = min(max(x, lo), hi); the bounds are inputs, or attributes up to opset 10."""
    options = attributes(node, min=-np.inf, max=np.inf)
    bounds = (importer.constant(node, 1), importer.constant(node, 2))
    lo, hi = (
        given if constant is None else constant.scalar
        for constant, given in zip(bounds, (options["min"], options["max"]), strict=True)
    )
    return importer.activation(node).clip(lo, hi)


READERS = {"Relu": read_relu, "Clip": read_clip}
