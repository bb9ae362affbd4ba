"""Pointwise convolution and requantization in one block with weights from memory: `hardware/conv_tile.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codesign.errors import ScheduleError
from codesign.graph.ops.conv_tile import ConvTile
from codesign.hardware import conv_tile
from codesign.hardware.conv_tile import Plan
from codesign.hardware.dependence import Dependence
from codesign.hardware.folding import Folding, Lanes, Memory, Types, beats
from codesign.hardware.ops import conv

MOST_TILE = 64
"""Pixels in flight, at most."""

BUFFERS: tuple[Memory, ...] = ("", "lut")


def plan(op: ConvTile, inputs: Types, outputs: Types, folding: Folding) -> Plan:
    """How the weights are streamed. Raises ScheduleError where the block cannot be built so."""
    return conv_tile.plan(op.conv, op.sums(*inputs), outputs[0], inputs[0], folding, folding.tile)


def foldings(op: ConvTile, inputs: Types, outputs: Types) -> tuple[Folding, ...]:
    """Every number of multipliers with every tile that is worth it, the pixels in block RAM or in LUTs."""
    found = conv_tile.foldings(op.conv, inputs, outputs)
    return tuple(folding for plain in found for folding in _in_tiles(op, inputs, outputs, plain))


def lanes(op: ConvTile, inputs: Types, outputs: Types, folding: Folding) -> Lanes:
    return conv_tile.lanes(op.conv, inputs, outputs, folding)


def dependence(op: ConvTile, inputs: Types, outputs: Types) -> Dependence:
    """That of the convolution; `schedule/flow.py` knows what the pixels of a tile share beyond it."""
    return conv.dependence(op.conv, inputs, outputs)


def _in_tiles(op: ConvTile, inputs: Types, outputs: Types, plain: Folding) -> Iterator[Folding]:
    steps, groups = beats(inputs[0].channels, plain.simd), beats(outputs[0].channels, plain.pe)
    for tile in _tiles(steps, groups):
        folding = replace(plain, tile=tile)
        try:
            plan(op, inputs, outputs, folding)
        except ScheduleError:
            continue
        yield from (replace(folding, buffer=buffer) for buffer in BUFFERS)


def _tiles(steps: int, groups: int) -> list[int]:
    """Tiles of which one pixel more fills a memory of a power of two of beats, at the input or at the output."""
    sizes = {(1 << bits) // count - 1 for count in (steps, groups) for bits in range(3, 16)}
    return sorted(tile for tile in sizes if 4 < tile <= min(groups, MOST_TILE))
