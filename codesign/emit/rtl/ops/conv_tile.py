"""Pointwise convolution and requantization as one instance of `conv_tile`."""

from __future__ import annotations

from codesign.emit.rtl import conv_tile
from codesign.emit.rtl.base import Block
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.types import TensorType
from codesign.hardware.folding import Folding


def block(
    name: str, op: ConvTile, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...], folding: Folding
) -> Block:
    return conv_tile.block(name, op.conv, inputs, (op.sums(*inputs),), folding, folding.tile, op.requant)
