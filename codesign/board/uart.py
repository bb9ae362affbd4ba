"""Runs a design behind a serial line: frames in, boxes or classes out.

    from codesign.board.uart import SerialAccelerator

    with SerialAccelerator("build/bitstream", "/dev/ttyUSB0") as net:
        found = net.look(picture)  # (H, W, 3) bytes, RGB, of any size; boxes in its own pixels
        found = net(frames)        # (N, H, W, 3) of the network's own size

The folder is that of the bitstream, whose `design.json` says what the design is. Needs NumPy and, for a real port,
`pyserial`.

The line carries the bytes of frames, beat after beat, to the design; back come packets, a byte that says what it is and
what follows: a beat of output 0, 1, ...; GREETING and DIGEST_BYTES of the network's digest, once after a start; CREDIT,
when another CREDIT_BYTES have been taken. No more than WINDOW_BYTES may be under way: the design cannot stop the line.
A break on the line starts the design anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .certificate import Recorded
from .driver import BoardError, Stream, Viewer, say, tail_of, unpacked

FORMAT = 2
GREETING, CREDIT = 0xFE, 0xFF
MOST_OUTPUTS = 8
DIGEST_BYTES = 16
CREDIT_BYTES, WINDOW_BYTES = 256, 1024
TIMEOUT_S = 2.0
"""Without a byte for so long, the design is taken to be dead."""

BREAK_S = 0.01


class SerialAccelerator(Viewer):
    """A design behind a serial line."""

    def __init__(self, folder: str, port: Any) -> None:
        """Starts the design anew and checks that it is the one described in `folder`.

        port: name of a serial port, or an object with pyserial's `read`, `write`, `send_break`, `reset_input_buffer`
        and `close`, whose `read(n)` gives fewer than n bytes after a time without any. Raises BoardError if the design
        does not answer, or is another one.
        """
        self.folder = Path(folder)
        self.design = json.loads((self.folder / "design.json").read_text())
        if self.design["format"] != FORMAT:
            raise BoardError(f"design.json is of format {self.design['format']}, this driver's is {FORMAT}")
        self._tail = tail_of(self.design, Path(folder))
        self.inputs = [Stream(fields) for fields in self.design["inputs"]]
        (self.input,) = self.inputs
        self.outputs = [Stream(fields) for fields in self.design["outputs"]]
        lanes = [fields["lanes"] for fields in self.design["outputs"]]
        self._beat_bytes = [count * stream.lane_bytes for count, stream in zip(lanes, self.outputs)]
        self._port = _opened(port, self.design["serial"]["baud"]) if isinstance(port, str) else port
        self._port.send_break(BREAK_S)
        self._port.reset_input_buffer()
        self._greet()
        self._credit = WINDOW_BYTES

    def __call__(self, frames: np.ndarray) -> list[Any]:
        """What the network says of every frame; `frames` are (N, H, W, C) or one (H, W, C).

        Of a detector `Boxes`, of a classifier a `Class`; of a network without a recipe the real values (C, H, W) of its
        outputs by name, those that the host computes as the file has them, the batch of one included. Raises ValueError
        for frames of another shape, BoardError if the design stops answering.
        """
        return list(self.stream(frames[None] if np.ndim(frames) == 3 else frames))

    def stream(self, frames: Iterable[np.ndarray]) -> Iterator[Any]:
        """What the network says of one frame (H, W, C) after another."""
        for frame in frames:
            raw = self._pass(self.input.pack(frame).tobytes())
            yield say(self.design["decode"], self.outputs, raw, self._tail)

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """(C, H, W) of the outputs by name, in their order."""
        return {stream.name: (stream.channels, stream.height, stream.width) for stream in self.outputs}

    def replay(self, recorded: Sequence[Recorded]) -> Iterator[dict[str, np.ndarray]]:
        """The integers (C, H, W) of all outputs by name, frame after frame, of inputs as bytes."""
        for frame in recorded:
            yield unpacked(self.outputs, self._pass(frame.inputs[0].tobytes()))

    def close(self) -> None:
        self._port.close()

    def __enter__(self) -> SerialAccelerator:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _pass(self, data: bytes) -> list[np.ndarray]:
        """Sends a frame and takes all of its outputs."""
        got = [bytearray() for _ in self.outputs]
        while data or any(len(held) < stream.frame_bytes for held, stream in zip(got, self.outputs)):
            if data and self._credit:
                self._port.write(data[: self._credit])
                data, self._credit = data[self._credit :], max(0, self._credit - len(data))
                continue
            (kind,) = self._take(1)
            if kind == CREDIT:
                self._credit += CREDIT_BYTES
            elif kind < len(self.outputs):
                got[kind] += self._take(self._beat_bytes[kind])
            else:
                raise BoardError(f"the design sends {kind:#04x}, which is nothing: start it anew")
        return [np.frombuffer(held, np.uint8) for held in got]

    def _greet(self) -> None:
        (kind,) = self._take(1)
        digest = self._take(DIGEST_BYTES).hex() if kind == GREETING else ""
        if digest != self.design["digest"][: 2 * DIGEST_BYTES]:
            found = f"of network {digest}" if digest else "none of codesign's"
            raise BoardError(f"the design on the board is {found}, design.json is of {self.design['digest'][:32]}")

    def _take(self, count: int) -> bytes:
        data = bytes(self._port.read(count))
        if len(data) < count:
            raise BoardError("the design does not answer: is it loaded, and the port the right one?")
        return data


def _opened(name: str, baud: int) -> Any:
    import serial

    return serial.Serial(name, baud, timeout=TIMEOUT_S)
