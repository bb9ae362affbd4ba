"""The weight image: what the board's memory holds for all blocks whose weights are streamed.

Layout: the blocks' regions one after another, each from a multiple of `ALIGNMENT` bytes on, the gaps zero. A region
holds one pass of the block's units (`conv_tile.weight_units`) without a gap, unit after unit; a unit is its fields with
the first in the low bits, and everything is little-endian: bit i of the region is bit `i % 8` of its byte `i // 8`. A
region is a whole number of 64-bit words. The reader gets the image's address, a multiple of `ALIGNMENT`, in a register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.emit.rtl.base import WeightStream
from codesign.files import write_bytes
from codesign.graph.op import IntArray
from codesign.targets import BUS_BITS

BURST = 8
"""Beats of 64 bits in a burst of the reader."""

ALIGNMENT = BURST * BUS_BITS // 8
"""Bytes; regions start at multiples, so that bursts do and none crosses a 4 KB boundary."""


@dataclass(frozen=True)
class Region:
    """Where a block's weights lie: `offset` and `size` in bytes, and the bits of a unit.

    port_words: that the block's end of the reader holds.
    """

    node: str
    offset: int
    size: int
    unit_bits: int
    port_words: int = 2


@dataclass(frozen=True)
class WeightImage:
    """The bytes for the memory and the table of what lies where, in the order of the reader's ports."""

    regions: tuple[Region, ...]
    data: bytes

    def write(self, path: Path) -> None:
        """Writes the bytes; the file is complete or not there."""
        write_bytes(path, self.data)


def weight_image(blocks: Mapping[str, WeightStream]) -> WeightImage:
    """The image for what blocks read, by name of their nodes, in the order of the reader's ports."""
    regions, parts, offset = [], [], 0
    for node, weights in blocks.items():
        data = pack(weights.units, weights.field_bits)
        regions.append(Region(node, offset, len(data), weights.unit_bits, weights.port_words))
        padded = data + bytes(-len(data) % ALIGNMENT)
        parts.append(padded)
        offset += len(padded)
    return WeightImage(tuple(regions), b"".join(parts))


def pack(units: IntArray, field_bits: int) -> bytes:
    """Integers (units, fields) of `field_bits` bits as the bytes of a region."""
    shifts = np.arange(field_bits)
    bits = (units[..., None] >> shifts & 1).astype(np.uint8)
    return np.packbits(bits.reshape(-1), bitorder="little").tobytes()


def reader_depth(ports: int) -> int:
    """Beats of buffer for each port: what one block RAM of 512 words gives, but no less than two bursts."""
    return max(2 * BURST, 512 >> (max(ports, 4) - 1).bit_length())


def reader_parameters(image: WeightImage, depth: int) -> dict[str, int]:
    """Parameters of `weight_reader.sv` for an image; `depth` beats of buffer a port."""
    beats = [region.size * 8 // BUS_BITS for region in image.regions]
    return {
        "PORTS": len(image.regions),
        "BURST": BURST,
        "DEPTH": depth,
        "UNITS": _table([region.unit_bits for region in image.regions], 8),
        "OFFSETS": _table([region.offset // ALIGNMENT for region in image.regions], 32),
        "BURSTS": _table([-(-count // BURST) for count in beats], 32),
        "LASTS": _table([(count - 1) % BURST + 1 for count in beats], 8),
        "WORDS": _table([region.port_words for region in image.regions], 8),
    }


def _table(values: Sequence[int], bits: int) -> int:
    """Entries of `bits` bits in one number, the first in the low bits."""
    return sum(value << (bits * index) for index, value in enumerate(values))
