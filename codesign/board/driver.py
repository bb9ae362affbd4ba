"""Runs a design on the board: frames in, boxes or classes out.

    from codesign_board.driver import Accelerator

    with Accelerator("design.bit") as net:
        print(net.self_test())                 # recorded frames give the recorded bits
        found = net.look(picture)              # (H, W, 3) bytes, RGB, of any size; boxes in its own pixels
        for boxes in net.watch(camera):        # one such picture after another
        found = net(frames)                    # (N, H, W, 3) of the network's own size
        for boxes in net.stream(frames):       # one frame of that size after another

Beside `design.bit` lie `design.hwh`, `design.json`, `certificate.bin`, if the design reads its weights from memory
`weights.bin`, and what the network leaves to the host, if anything (see `tail.py`). Needs `pynq` and NumPy. The same
file drives the simulated hardware in this project's tests.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from .certificate import Recorded, SelfTest, first_difference, load
from .fit import fit_of, fitted
from .records import Records
from .tail import Tail

FORMAT = 2
MAJOR = 16
"""Bits of the register map's version below its major part."""


class BoardError(RuntimeError):
    """The hardware is not what `design.json` describes, or it reports an error."""


class Stream:
    """How the frames of one input or output lie in memory: beat after beat, each lane in whole bytes.

    A frame passes pixel by pixel in raster order; the channels of a pixel are padded to whole beats of `lanes`.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.name: str = fields["name"]
        self.channels, self.height, self.width = fields["shape"]
        self.lane_bytes: int = fields["lane_bytes"]
        self.signed: bool = fields["signed"]
        self.lowest, self.highest = fields["range"]
        self.base, self.step = fields["base"], fields["step"]
        # Indices of classes stay integers.
        self.scale = np.ones(1, np.int64) if fields.get("classes") else np.array(fields["scale"], np.float64)
        self.padded = -(-self.channels // fields["lanes"]) * fields["lanes"]
        self.frame_bytes = self.padded * self.height * self.width * self.lane_bytes

    def pack(self, frame: np.ndarray) -> np.ndarray:
        """The bytes (frame_bytes,) of a frame (H, W, C) of integers. Raises ValueError if it is not one."""
        frame = np.asarray(frame)
        shape = (self.height, self.width, self.channels)
        if frame.shape != shape or frame.dtype.kind not in "iu":
            raise ValueError(f"{self.name} takes integers {shape}, not {frame.dtype} {frame.shape}")
        if frame.min() < self.lowest or frame.max() > self.highest:
            raise ValueError(f"{self.name} takes integers from {self.lowest} to {self.highest}")
        lanes = np.zeros((self.height, self.width, self.padded, self.lane_bytes), np.uint8)
        held = frame if (self.base, self.step) == (0, 1) else (frame.astype(np.int64) - self.base) // self.step
        for byte in range(self.lane_bytes):
            lanes[..., : self.channels, byte] = held >> 8 * byte & 0xFF
        return lanes.reshape(-1)

    def unpack(self, data: np.ndarray) -> np.ndarray:
        """The integers (C, H, W) that the bytes of a frame stand for."""
        lanes = data.reshape(self.height, self.width, self.padded, self.lane_bytes)[:, :, : self.channels]
        held = np.zeros(lanes.shape[:-1], np.int64)
        for byte in range(self.lane_bytes):
            held |= lanes[..., byte].astype(np.int64) << 8 * byte
        if self.signed:
            sign = 1 << (8 * self.lane_bytes - 1)
            held = (held ^ sign) - sign
        integers: np.ndarray = self.base + self.step * held
        return integers.transpose(2, 0, 1)


class DmaStream(Stream):
    """A stream that a DMA moves."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.dma: str = fields["dma"]
        self.dma_address: int = fields["dma_address"]


def say(
    decode: dict[str, Any] | None, outputs: Sequence[Stream], raw: list[np.ndarray], tail: Tail | None = None
) -> Any:
    """What the bytes of every output of a frame mean: `decode` is that of `design.json`."""
    return meaning(decode, unpacked(outputs, raw), {stream.name: stream.scale for stream in outputs}, tail)


def unpacked(outputs: Sequence[Stream], raw: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The integers (C, H, W) by name that the bytes of every output of a frame stand for."""
    return {stream.name: stream.unpack(data) for stream, data in zip(outputs, raw)}


def meaning(
    decode: dict[str, Any] | None,
    values: dict[str, np.ndarray],
    scales: dict[str, np.ndarray],
    tail: Tail | None = None,
) -> Any:
    """What the integers (C, H, W) of every output mean; tail: what the host makes of their real values."""
    if decode is None:
        reals = {name: values[name] * scales[name].reshape(-1, 1, 1) for name in values}
        return tail(reals) if tail else reals
    factors = {name: float(scale[0]) for name, scale in scales.items()}
    return _part_of(decode).read(values, factors, **decode["settings"])


def tail_of(design: dict[str, Any], folder: Path) -> Tail | None:
    return Tail(folder, design["tail"]) if design["tail"] else None


def _part_of(decode: dict[str, Any]) -> Any:
    """The file beside this one that says what outputs of a task mean."""
    return import_module(f".{decode['task']}", __package__)


class Viewer:
    """What takes frames of the network's size takes pictures of any size, too, and can test itself.

    folder: of `design.json`, and of `certificate.bin`.
    """

    design: dict[str, Any]
    folder: Path
    inputs: Sequence[Stream]

    def replay(self, recorded: Sequence[Recorded]) -> Iterator[dict[str, np.ndarray]]:
        """The integers (C, H, W) of all outputs by name, frame after frame, of inputs as bytes."""
        raise NotImplementedError

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """(C, H, W) of the outputs by name, in their order."""
        raise NotImplementedError

    def self_test(self) -> SelfTest:
        """Replays the recorded frames of `certificate.bin`: whether every integer that comes out is as recorded.

        That the hardware holds the network of `design.json` was checked when it was opened; here the certificate's is.
        Raises CertificateError if there is no certificate of this network.
        """
        shapes = self.shapes()
        recorded = load(
            self.folder, self.design["digest"], [one.frame_bytes for one in self.inputs], [*shapes.values()]
        )
        difference = None
        for number, (frame, found) in enumerate(zip(recorded, self.replay(recorded))):
            found_here = first_difference(number, [*shapes], frame.outputs, [found[name] for name in shapes])
            difference = difference or found_here
        return SelfTest(len(recorded), difference)

    def stream(self, frames: Iterable[Any]) -> Iterator[Any]:
        """What the network says of one frame after another."""
        raise NotImplementedError

    def look(self, picture: np.ndarray) -> Any:
        """What the network says of a picture (H, W, 3) bytes, boxes in its own pixels."""
        (found,) = self.watch([picture])
        return found

    def watch(self, pictures: Iterable[np.ndarray]) -> Iterator[Any]:
        """The same of one picture after another.

        They are fitted into the network's input as those were that it was trained on; see `fit.py`.
        """
        decode, (_, height, width) = self.design["decode"], self.design["inputs"][0]["shape"]
        how = decode["fit"] if decode else "letterbox"
        fits: deque[Any] = deque()

        def frames() -> Iterator[np.ndarray]:
            for picture in pictures:
                fits.append(fit_of(np.shape(picture)[:2], (height, width), how))
                yield fitted(np.asarray(picture), fits[-1])

        for found in self.stream(frames()):
            fit = fits.popleft()
            yield _part_of(decode).in_picture(found, fit) if decode else found


class Accelerator(Viewer):
    """A design in the fabric, taking frames until it is closed."""

    inputs: Sequence[DmaStream]

    def __init__(self, bitfile: str, batch: int = 8) -> None:
        """Loads the bitstream, checks that it is the one described, gives it its weights and starts it.

        batch: frames that are handed over at once when many are there. Raises BoardError if the bitstream holds
        another design.
        """
        import pynq

        self.folder = folder = Path(bitfile).resolve().parent
        self.design = json.loads((folder / "design.json").read_text())
        if self.design["format"] != FORMAT:
            raise BoardError(f"design.json is of format {self.design['format']}, the driver's is {FORMAT}")
        self.batch = batch
        self._tail = tail_of(self.design, folder)
        self.inputs = [DmaStream(fields) for fields in self.design["inputs"]]
        self.outputs = [DmaStream(fields) for fields in self.design["outputs"]]
        records = self.design["records"]
        self._records = Records(records) if records else None
        self._received: list[Any] = [self._records] if self._records else self.outputs
        overlay = pynq.Overlay(str(bitfile))
        registers = self.design["registers"]
        self._check_addresses(overlay.ip_dict)
        self._mmio = pynq.MMIO(registers["address"], registers["bytes"])
        self._check_identity()
        self._weights = self._load_weights(folder, pynq.allocate) if self.design["weights"] else None
        self._send = [getattr(overlay, stream.dma).sendchannel for stream in self.inputs]
        self._receive = [getattr(overlay, stream.dma).recvchannel for stream in self._received]

        def buffers(streams: list[Any], frames: int) -> list[list[Any]]:
            """Two of each, one to fill or read while the hardware works on the other."""
            sizes = [frames * stream.frame_bytes for stream in streams]
            return [[self._allocated(pynq.allocate, size) for size in sizes] for _ in range(2)]

        self._filled, self._got = buffers(self.inputs, batch), buffers(self._received, 1)
        self._flying = 0  # frames handed over whose outputs have not been taken
        self._side = self._place = 0  # of the buffers to fill, and to receive into
        self._sending = False
        self._write("CONTROL", 1 << registers["bits"]["CONTROL.run"])

    def __call__(self, *frames: np.ndarray) -> list[Any]:
        """What the network says of every frame; `frames` are (N, H, W, C) or one (H, W, C), an array for each input.

        Of a detector `Boxes`, of a classifier a `Class`; of a network without a recipe the real values (C, H, W) of its
        outputs by name, indices of classes as integers, those that the host computes as the file has them, the batch of
        one included. Raises ValueError for frames of another shape, BoardError if the hardware reports an error.
        """
        arrays = [array[None] if np.ndim(array) == 3 else np.asarray(array) for array in frames]
        count = len(arrays[0])
        if len(arrays) != len(self.inputs) or any(len(array) != count for array in arrays):
            raise ValueError(f"{len(self.inputs)} arrays of equally many frames are wanted")
        groups = range(0, count, self.batch)
        return list(self._run([array[start : start + self.batch] for array in arrays] for start in groups))

    def stream(self, frames: Iterable[Any]) -> Iterator[Any]:
        """What the network says of one frame after another, each (H, W, C), or a tuple of such for several inputs.

        A frame's result comes when the next frame has been handed over, so that both are in the hardware at once.
        """
        single = len(self.inputs) == 1
        yield from self._run([frame[None]] if single else [part[None] for part in frame] for frame in frames)

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """(C, H, W) of the outputs by name, in their order; of records, of the maps that they say."""
        if self._records:
            return self._records.shapes
        return {stream.name: (stream.channels, stream.height, stream.width) for stream in self.outputs}

    def replay(self, recorded: Sequence[Recorded]) -> Iterator[dict[str, np.ndarray]]:
        """The integers (C, H, W) of all outputs by name, frame after frame, of inputs as bytes."""
        groups = [[one[None] for one in frame.inputs] for frame in recorded]
        yield from map(self._integers, self._passed(groups, packed=True))

    @property
    def classes(self) -> list[str]:
        """Names of the classes by label; none without a recipe."""
        return list(self.design["decode"]["classes"]) if self.design["decode"] else []

    @property
    def interval_s(self) -> float:
        """Seconds between the last two frames that have come out; 0 before."""
        return self._read("INTERVAL_CYCLES") / float(self.design["clock_mhz"]) / 1e6

    @property
    def latency_s(self) -> float:
        """Seconds that a frame took, from its first beat in to its last beat out; 0 before."""
        return self._read("LATENCY_CYCLES") / float(self.design["clock_mhz"]) / 1e6

    def close(self) -> None:
        """Takes no more frames, waits until none is in flight, and gives the memory back."""
        self._write("CONTROL", 0)
        idle = 1 << self.design["registers"]["bits"]["STATUS.idle"]
        while not self._read("STATUS") & idle:
            pass
        for buffer in [one for pair in (*self._filled, *self._got) for one in pair]:
            buffer.freebuffer()
        if self._weights is not None:
            self._weights.freebuffer()

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _read(self, register: str) -> int:
        return int(self._mmio.read(self.design["registers"]["offsets"][register]))

    def _write(self, register: str, value: int) -> None:
        self._mmio.write(self.design["registers"]["offsets"][register], value)

    def _check_addresses(self, cells: dict[str, Any]) -> None:
        wanted = {self.design["registers"]["cell"]: self.design["registers"]["address"]}
        wanted.update({stream.dma: stream.dma_address for stream in [*self.inputs, *self._received]})
        for cell, address in wanted.items():
            found = cells.get(cell, {}).get("phys_addr")
            if found != address:
                raise BoardError(f"the bitstream has {cell} at {found}, design.json at {address}")

    def _check_identity(self) -> None:
        registers = self.design["registers"]
        if self._read("ID") != registers["id"]:
            raise BoardError("the bitstream holds no design of codesign's")
        version = self._read("MAP_VERSION")
        if version >> MAJOR != registers["version"] >> MAJOR:
            raise BoardError(f"its registers are of version {version:#x}, not {registers['version']:#x}")
        digest = "".join(f"{self._read(f'MODEL_HASH_{part}'):08x}" for part in range(4))
        if digest != self.design["digest"][:32]:
            raise BoardError(f"the bitstream is of network {digest}, design.json of {self.design['digest'][:32]}")

    def _allocated(self, allocate: Any, size: int) -> Any:
        """Memory of so many bytes that DMAs and the reader of weights can address."""
        buffer = allocate((size,), np.uint8)
        if buffer.device_address + size > 1 << self.design["address_bits"]:
            raise BoardError("memory was given that lies beyond what the hardware can address: free some below 4 GB")
        return buffer

    def _load_weights(self, folder: Path, allocate: Any) -> Any:
        """The weight image in memory that the design can read, its address in the registers."""
        image = np.fromfile(folder / "weights.bin", np.uint8)
        buffer = self._allocated(allocate, image.size)
        buffer[:] = image
        buffer.flush()
        self._write("WEIGHTS_BASE_LOW", buffer.device_address & 0xFFFF_FFFF)
        self._write("WEIGHTS_BASE_HIGH", buffer.device_address >> 32)
        return buffer

    def _run(self, groups: Iterable[list[np.ndarray]]) -> Iterator[Any]:
        """Results frame by frame. A group is, for each input, (n, H, W, C) of at most `batch` frames."""
        yield from map(self._say, self._passed(groups))

    def _passed(self, groups: Iterable[list[np.ndarray]], packed: bool = False) -> Iterator[list[np.ndarray]]:
        """The bytes of every output, frame by frame. packed: a group has bytes (n, frame_bytes) in place of frames."""
        if self._flying:
            raise BoardError("frames of an earlier call are still on their way: finish it, or close its iterator")
        waiting = iter(groups)
        try:
            self._hand_over(waiting, packed)
            while self._flying:
                # The last frame's outputs have a place in memory, so it passes whole: what follows cannot get stuck.
                if self._flying == 1:
                    self._hand_over(waiting, packed)
                yield self._take()
        finally:
            while self._flying:  # the caller has enough, or a frame was refused
                self._take()
        self._check_errors()

    def _hand_over(self, groups: Iterator[list[np.ndarray]], packed: bool) -> None:
        """Sends the next group, if there is one, as soon as the one before has been sent."""
        group = next(groups, None)
        if group is None:
            return
        count = len(group[0])
        for stream, frames, buffer in zip(self.inputs, group, self._filled[self._side]):
            data = frames if packed else [stream.pack(frame) for frame in frames]
            buffer[: count * stream.frame_bytes] = np.concatenate(data)
        for stream, channel, buffer in zip(self.inputs, self._send, self._filled[self._side]):
            if self._sending:
                channel.wait()
            channel.transfer(buffer, 0, count * stream.frame_bytes)
        self._sending = True
        self._side ^= 1
        self._flying += count
        if self._flying == count:
            self._expect()

    def _expect(self) -> None:
        """Gives the outputs of the next frame a place."""
        for channel, buffer in zip(self._receive, self._got[self._place]):
            channel.transfer(buffer)

    def _take(self) -> list[np.ndarray]:
        """The bytes of every output of the frame that comes next."""
        for channel in self._receive:
            channel.wait()
        got = self._got[self._place]
        self._flying -= 1
        self._place ^= 1
        if self._flying:
            self._expect()
        return [np.array(buffer) for buffer in got]

    def _integers(self, raw: list[np.ndarray]) -> dict[str, np.ndarray]:
        if self._records:
            return self._records.unpack(raw[0])
        return unpacked(self.outputs, raw)

    def _say(self, raw: list[np.ndarray]) -> Any:
        scales = self._records.scales if self._records else {stream.name: stream.scale for stream in self.outputs}
        return meaning(self.design["decode"], self._integers(raw), scales, self._tail)

    def _check_errors(self) -> None:
        errors = self._read("ERRORS")
        if errors >> self.design["registers"]["bits"]["ERRORS.weight_read"] & 1:
            raise BoardError("a read of weights from memory was answered with an error: the results are not valid")
