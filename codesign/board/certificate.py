"""The frames with which a design tests itself: `certificate.bin`, whose layout `emit/driver/certificate.py` has."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MAGIC, FORMAT = b"CDSGCERT", 1
BINARY, RECORD, VERDICT = "certificate.bin", "certificate.json", "verdict.json"

_HEAD = struct.Struct("<8sII16s")


class CertificateError(ValueError):
    """The file is no certificate of this design."""


@dataclass(frozen=True)
class Difference:
    """The first value of an output that is another than recorded."""

    frame: int
    output: str
    channel: int
    y: int
    x: int
    expected: int
    found: int

    def __str__(self) -> str:
        place = f"channel {self.channel}, y {self.y}, x {self.x}"
        return f"frame {self.frame}, output {self.output}, {place}: {self.found} instead of {self.expected}"


@dataclass(frozen=True)
class SelfTest:
    """How the replay of recorded frames went. difference: the first, None if there is none."""

    frames: int
    difference: Any

    @property
    def passed(self) -> bool:
        return self.difference is None

    def __str__(self) -> str:
        return f"pass: {self.frames} frames" if self.passed else f"FAIL: {self.difference}"


@dataclass(frozen=True, eq=False)
class Recorded:
    """A frame: the bytes of each input, and the integers (C, H, W) of each output."""

    inputs: list[np.ndarray]
    outputs: list[np.ndarray]


def load(folder: Path, digest: str, inputs: Sequence[int], outputs: Sequence[tuple[int, int, int]]) -> list[Recorded]:
    """The frames recorded in `folder`.

    digest: of the network. inputs: bytes of each input's frame. outputs: shape of each. Raises CertificateError if the
    file is of another network, or not whole.
    """
    data = (folder / BINARY).read_bytes()
    if len(data) < _HEAD.size:
        raise CertificateError(f"{BINARY} is too short")
    magic, number, frames, network = _HEAD.unpack_from(data)
    if (magic, number) != (MAGIC, FORMAT):
        raise CertificateError(f"{BINARY} is no certificate of format {FORMAT}")
    if network.hex() != digest[:32]:
        raise CertificateError(f"{BINARY} is of network {network.hex()}, not of {digest[:32]}")
    each = sum(inputs) + 4 * sum(int(np.prod(shape)) for shape in outputs)
    if len(data) != _HEAD.size + frames * each:
        raise CertificateError(f"{BINARY} has {len(data)} bytes, not {_HEAD.size + frames * each}")
    return list(_frames(np.frombuffer(data, np.uint8), frames, inputs, outputs))


def _frames(
    data: np.ndarray, frames: int, inputs: Sequence[int], outputs: Sequence[tuple[int, int, int]]
) -> Iterator[Recorded]:
    at = _HEAD.size
    for _ in range(frames):
        given, wanted = [], []
        for size in inputs:
            given.append(data[at : at + size])
            at += size
        for shape in outputs:
            size = 4 * int(np.prod(shape))
            wanted.append(data[at : at + size].view("<i4").reshape(shape))
            at += size
        yield Recorded(given, wanted)


def first_difference(frame: int, names: Sequence[str], wanted: Sequence[Any], found: Sequence[Any]) -> Any:
    """The first value that differs, output by output; None if none does."""
    for name, expected, got in zip(names, wanted, found):
        places = np.argwhere(expected != got)
        if len(places):
            channel, y, x = (int(place) for place in places[0])
            return Difference(frame, name, channel, y, x, int(expected[channel, y, x]), int(got[channel, y, x]))
    return None
