"""Concatenation: hls4ml's `Concatenate`, which joins two streams, once for each further input."""

from __future__ import annotations

from codesign.emit.hls.base import HlsBlock, Layer


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    (y,) = block.outputs
    joined, chain = block.inputs[0].name, []
    for index, source in enumerate(block.inputs[1:], start=1):
        last = index == len(block.inputs) - 1
        name = block.name if last else f"{block.name}_first_{index + 1}"
        result = y.name if last else name
        attributes = {"axis": 3, "op": "Concatenate3d"}
        chain.append(Layer("Concatenate", name, (joined, source.name), (result,), attributes, {"result": y.precision}))
        joined = result
    return tuple(chain)
