"""Relu and Clip: bounds that the quantizer before or after them takes over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from codesign.errors import GraphError
from codesign.frontend.importer import Importer
from codesign.frontend.reader import ANY, Reader, attributes
from codesign.frontend.values import Coded, Sum, Value
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold


def read_relu(importer: Importer, node: onnx.NodeProto) -> Value:
    """y = max(x, 0)."""
    return _clipped(importer, node, 0.0, np.inf)


def read_clip(importer: Importer, node: onnx.NodeProto) -> Value:
    """y = min(max(x, lo), hi) with bounds that are inputs; hi everywhere if lo is above it."""
    lo, hi = (importer.constant(node, index) for index in (1, 2))
    return _clipped(importer, node, -np.inf if lo is None else lo.scalar, np.inf if hi is None else hi.scalar)


def read_clip_attributes(importer: Importer, node: onnx.NodeProto) -> Value:
    """The same with bounds that are attributes, up to opset 10."""
    options = attributes(node, min=-np.inf, max=np.inf)
    if options["min"] > options["max"]:  # ONNX Runtime refuses it too, in this form
        raise GraphError(f"min = {options['min']:g} of Clip is above its max = {options['max']:g}")
    return _clipped(importer, node, options["min"], options["max"])


def _clipped(importer: Importer, node: onnx.NodeProto, lo: float, hi: float) -> Value:
    """Narrows the requantization before it where that is exact, else leaves the bounds to the next quantizer."""
    value = importer.value(node.input[0])
    if isinstance(value, Coded):
        return replace(value, lo=max(value.lo, int(max(lo, value.lo))), hi=min(value.hi, int(min(hi, value.hi))))
    if isinstance(value, Sum):
        return value.clip(lo, hi, importer.step(node))
    x = importer.activation(node)
    kind, op = importer.type(x), importer.builder.operator(x.tensor)
    scale, lo = kind.scale[0], min(lo, hi)
    bounds = np.clip([lo / scale, hi / scale], kind.lo, kind.hi)
    integral = kind.step == 1 and not (bounds != np.rint(bounds)).any()
    if not isinstance(op, Lookup | Requant | Rescale | Threshold) or not integral or x.scaled or x.clipped or x.opaque:
        return x.clip(lo, hi, importer.step(node))
    low, high = (int(bound) for bound in bounds)
    clip = Requant(np.zeros(1, np.int64), low, high, scale)
    if isinstance(op, Threshold):
        return importer.emit(clip, [x], node, x.layout)
    origin = node.output[0]
    narrow = replace(op, results=op.results.clip(low, high)) if isinstance(op, Lookup) else replace(op, lo=low, hi=high)
    tensor = importer.builder.replaced(x.tensor, narrow, origin)
    importer.builder.clipped[tensor] = x.tensor, clip
    return replace(x, tensor=tensor, origin=origin)


READERS = (
    Reader("Relu", read_relu, versions=(6, 13, 14)),
    Reader("Clip", read_clip_attributes, versions=(6,), attributes={"min": ANY, "max": ANY}),
    Reader("Clip", read_clip, versions=(11, 12, 13), inputs=range(1, 4), infinite=True),
)
