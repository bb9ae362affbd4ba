"""Relu and Clip: bounds that the quantizer before or after them takes over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from codesign.frontend.importer import Importer, attributes
from codesign.frontend.values import Activation
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.threshold import Threshold


def read_relu(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = max(x, 0)."""
    return _clipped(importer, node, 0.0, np.inf)


def read_clip(importer: Importer, node: onnx.NodeProto) -> Activation:
    """y = min(max(x, lo), hi); the bounds are inputs, or attributes up to opset 10."""
    options = attributes(node, min=-np.inf, max=np.inf)
    bounds = (importer.constant(node, 1), importer.constant(node, 2))
    lo, hi = (
        given if constant is None else constant.scalar
        for constant, given in zip(bounds, (options["min"], options["max"]), strict=True)
    )
    return _clipped(importer, node, lo, hi)


def _clipped(importer: Importer, node: onnx.NodeProto, lo: float, hi: float) -> Activation:
    """Narrows the requantization before it where that is exact, else leaves the bounds to the next quantizer."""
    x = importer.activation(node)
    kind, op = importer.type(x), importer.builder.operator(x.tensor)
    scale = kind.scale[0]
    bounds = np.clip([lo / scale, hi / scale], kind.lo, kind.hi)
    narrows = isinstance(op, Requant | Threshold) and kind.step == 1 and not (bounds != np.rint(bounds)).any()
    if not narrows or x.scaled or x.clipped:
        return x.clip(lo, hi, importer.step(node))
    low, high = (int(bound) for bound in bounds)
    if isinstance(op, Threshold):
        return importer.emit(Requant(np.zeros(1), low, high, scale), [x], node, x.layout)
    narrow, origin = replace(op, lo=low, hi=high), node.output[0]
    return replace(x, tensor=importer.builder.replaced(x.tensor, narrow, origin), origin=origin)


READERS = {"Relu": read_relu, "Clip": read_clip}
