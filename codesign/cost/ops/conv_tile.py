"""Price of a pointwise convolution and its requantization with weights from memory."""

from __future__ import annotations

from dataclasses import replace

from codesign.cost import conv_tile, stream
from codesign.cost.block import BlockCost
from codesign.graph.ops.conv_tile import ConvTile
from codesign.hardware.folding import Folding, Types
from codesign.hardware.ops.conv_tile import plan


def cost(op: ConvTile, inputs: Types, outputs: Types, folding: Folding) -> BlockCost:
    """Cost of the block with its end of `weight_reader`."""
    made = plan(op, inputs, outputs, folding)
    alone = conv_tile.of_plan(made, inputs[0], op.sums(*inputs), outputs[0], op.requant)
    port = stream.reader_port(made.port_words)
    return replace(alone, lut=alone.lut + port.lut, ff=alone.ff + port.ff)
