"""Records of peaks, as `peak_records.sv` sends them in place of a detector's maps. NumPy only.

A record is 16 bytes, little-endian: class, y and x unsigned, then heat, width, height, offset x and y with a sign, each
of 16 bits. They come row by row, then by column, then by class. Behind those of a frame stands one of class 65535,
with their number as 32 bits in place of x and heat, and 0 elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BYTES = 16
END = 0xFFFF

_FIELDS = ("label", "y", "x")
RECORD = np.dtype([(name, "<u2") for name in _FIELDS] + [("heat", "<i2"), ("size", "<i2", 2), ("offset", "<i2", 2)])


class RecordError(ValueError):
    """What came are no records of one frame."""


class Records:
    """The one output of a design that sends peaks only; what it says of a frame is again the maps of the network.

    fields: of `design.json`, `records`.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.dma: str = fields["dma"]
        self.dma_address: int = fields["dma_address"]
        self.classes, self.height, self.width = fields["shape"]
        self.floor: int = fields["floor"]
        self.scales = {head: np.array(scale, np.float64) for head, scale in fields["scale"].items()}
        self.frame_bytes = BYTES * (self.classes * self.height * self.width + 1)
        """The most that a frame takes: every place a peak, and the end."""

    @property
    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """(C, H, W) of the maps by name."""
        height, width = self.height, self.width
        return {"heat": (self.classes, height, width), "size": (2, height, width), "offset": (2, height, width)}

    def unpack(self, data: np.ndarray) -> dict[str, np.ndarray]:
        """The maps (C, H, W) int64 by name, from the bytes of one frame and whatever lies behind them.

        `heat` is whole. `size` and `offset` are 0 where there is no peak. Raises RecordError if there is no end, if it
        counts another number, or if records are not in their order or are of no peak.
        """
        records = data[: len(data) // BYTES * BYTES].view(RECORD)
        ends = np.flatnonzero(records["label"] == END)
        if not len(ends):
            raise RecordError("the records of a frame have no end")
        peaks, end = records[: ends[0]], records[ends[0]]
        counted = int(end["x"]) | (int(end["heat"]) & 0xFFFF) << 16
        if counted != len(peaks):
            raise RecordError(f"{len(peaks)} records came of {counted}")
        places = (self.height, self.width, self.classes)
        where = np.ravel_multi_index((peaks["y"], peaks["x"], peaks["label"]), places, mode="clip")
        if (np.diff(where) <= 0).any() or (peaks["heat"] <= self.floor).any():
            raise RecordError("records are out of order, or of no peak")
        at = (peaks["y"], peaks["x"])
        heat = np.full((self.classes, self.height, self.width), self.floor, np.int64)
        size, offset = np.zeros((2, 2, self.height, self.width), np.int64)
        heat[(peaks["label"], *at)] = peaks["heat"]
        size[(slice(None), *at)], offset[(slice(None), *at)] = peaks["size"].T, peaks["offset"].T
        return {"heat": heat, "size": size, "offset": offset}
