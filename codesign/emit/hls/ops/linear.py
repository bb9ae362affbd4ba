"""Fully connected layer: hls4ml's flattening `Reshape`, which costs nothing in a stream, and `Dense`."""

from __future__ import annotations

from typing import cast

from codesign.emit.hls.base import HlsBlock, Layer, as_float, reuse_factor, signed_precision, weight_precision
from codesign.graph.ops.linear import Linear


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    op = cast(Linear, block.op)
    (x,), (y,) = block.inputs, block.outputs
    n_out, n_in = op.weight.shape
    flat = f"{block.name}_flat"
    # the graph flattens (C, H, W), the stream brings (H, W, C)
    weight = op.weight.reshape(n_out, *x.type.shape).transpose(2, 3, 1, 0).reshape(n_in, n_out)
    attributes = {"n_in": n_in, "n_out": n_out, "weight_data": as_float(weight), "bias_data": as_float(op.bias)}
    precisions = {
        "result": y.precision,
        "accum": y.precision,
        "weight": weight_precision(weight),
        "bias": signed_precision(op.bias),
    }
    return (
        Layer("Reshape", flat, (x.name,), (flat,), {"target_shape": [n_in]}, {"result": x.precision}),
        Layer(
            "Dense", block.name, (flat,), (y.name,), attributes, precisions, reuse_factor(block.folding, n_in, n_out)
        ),
    )
