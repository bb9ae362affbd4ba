"""Sum of two streams: hls4ml's `Add`."""

from __future__ import annotations

from codesign.emit.hls.base import HlsBlock, Layer


def layers(block: HlsBlock) -> tuple[Layer, ...]:
    (y,), sources = block.outputs, tuple(source.name for source in block.inputs)
    return (Layer("Merge", block.name, sources, (y.name,), {"op": "Add"}, {"result": y.precision}),)
