"""QuantizeLinear, Clip, DequantizeLinear."""

from __future__ import annotations

from codesign.emit.onnx.base import OnnxBuilder
from codesign.graph import Node


def emit(builder: OnnxBuilder, node: Node) -> None:
    """The accumulators are at their real value, so one scale serves whatever the shifts of the channels are."""
    op = node.op
    builder.quantize(builder.sources(node)[0], node.name, op.scale, op.lo, op.hi)
