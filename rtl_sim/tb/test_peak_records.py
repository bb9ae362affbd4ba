"""peak_records: every peak with its size and offset, none else, and an end a frame, however the streams pause."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.bench import Streams, check_streams, random_frames
from codesign.board.records import END, Records
from codesign.emit.rtl.base import Block, Port
from codesign.graph import TensorType

FLOOR = -128


def records(heat, size, offset):
    """The records of frames (N, C, H, W), frame after frame, as one (1, 8, n, 1); by loops, to be obvious."""
    found = []
    for frame in range(len(heat)):
        before = len(found)
        for y, x in np.ndindex(heat.shape[2:]):
            for label in range(heat.shape[1]):
                if heat[frame, label, y, x] > FLOOR:
                    beside = (*size[frame, :, y, x], *offset[frame, :, y, x])
                    found.append((label, y, x, heat[frame, label, y, x], *beside))
        count = len(found) - before
        found.append((END, 0, count & 0xFFFF, count >> 16, 0, 0, 0, 0))
    return np.array(found, np.int32).T[None, :, :, None] & 0xFFFF


def heats(classes, height, width, seed):
    """Frames without a peak, of peaks only, of few, and of many."""
    rng = np.random.default_rng(seed)
    values = rng.integers(FLOOR + 1, 128, (5, classes, height, width))
    for frame, share in enumerate((0, 1, 0.05, 0.6, 0)):
        values[frame][rng.random(values[frame].shape) >= share] = FLOOR
    values[1, 0, 0, 0], values[3, -1, -1, -1] = 127, FLOOR + 1
    return values.astype(np.int32)


def stacked(frames):
    """(N, C, H, W) as two frames (2, C, N H, W): the bench plays two frames, the block takes them for 2 N."""
    one = frames.transpose(1, 0, 2, 3).reshape(1, frames.shape[1], -1, frames.shape[3])
    return np.concatenate([one, one])


def unstacked(frames, count):
    """The first of such frames apart again."""
    return frames[0].reshape(frames.shape[1], count, -1, frames.shape[3]).transpose(1, 0, 2, 3)


def case(classes, height, width, lanes, *, bits=(8, 8, 8), signed=(True, True, True), heat=None):
    heat = heats(classes, height, width, seed=classes) if heat is None else heat
    rng = np.random.default_rng(lanes)
    ranges = [(-(1 << n - 1), (1 << n - 1) - 1) if s else (0, (1 << n) - 1) for n, s in zip(bits, signed, strict=True)]
    size, offset = (random_frames(rng, TensorType((2, height, width), *r), len(heat)) for r in ranges[1:])
    inputs = (Port(lanes, bits[0], signed[0]), Port(2, bits[1], signed[1]), Port(2, bits[2], signed[2]))
    parameters = {"CLASSES": classes, "HEIGHT": height, "WIDTH": width, "LANES": lanes, "FLOOR": FLOOR}
    for name, n, s in zip(("HEAT", "SIZE", "OFFSET"), bits, signed, strict=True):
        parameters |= {f"{name}_BITS": n, f"{name}_SIGNED": int(s)}
    block = Block("peak_records", parameters, inputs, (Port(8, 16, signed=False),))
    label = f"{classes} classes, {lanes} lanes"
    outputs = [np.repeat(records(heat, size, offset), 2, axis=0)]
    return Streams(label, block, [stacked(maps) for maps in (heat, size, offset)], outputs)


def timed(classes, height, width, lanes):
    """Frames one by one, all classes at one place: a cycle a beat, one for each further peak in it, one to end."""
    heat = np.full((3, classes, height, width), FLOOR, np.int32)
    heat[:, :, height // 2, width // 2] = 5
    streams = case(classes, height, width, lanes, heat=heat)
    inputs, outputs = ([unstacked(maps, len(heat)) for maps in part] for part in (streams.inputs, streams.outputs))
    beats = -(-classes // lanes)
    cycles = height * width * beats + classes - beats + 1
    return replace(streams, inputs=inputs, outputs=outputs, interval_cycles=cycles)


def test_every_peak_comes_once_with_its_size_and_offset_and_every_frame_ends():
    check_streams(
        [
            case(3, 4, 5, 1),
            case(5, 3, 4, 2, bits=(9, 11, 4)),
            case(4, 3, 3, 4, bits=(8, 16, 7), signed=(True, False, True)),
            case(1, 1, 1, 1, bits=(16, 3, 5), signed=(True, True, False)),
            timed(4, 3, 3, 2),
        ]
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_maps_are_found_again_in_the_records(seed):
    heat = heats(3, 4, 5, seed)
    rng = np.random.default_rng(seed)
    size, offset = rng.integers(-128, 128, (2, len(heat), 2, 4, 5))
    reader = Records({"dma": "dma_0", "dma_address": 0, "shape": [3, 4, 5], "floor": FLOOR, "scale": {}})
    for frame in range(len(heat)):
        one = [maps[frame : frame + 1] for maps in (heat, size, offset)]
        data = records(*one)[0, :, :, 0].T.astype("<u2").view(np.uint8).reshape(-1)
        maps = reader.unpack(np.concatenate([data, np.full(37, 0xA5, np.uint8)]))
        peaks = (heat[frame] > FLOOR).any(axis=0)
        assert np.array_equal(maps["heat"], heat[frame])
        assert np.array_equal(maps["size"], np.where(peaks, size[frame], 0))
        assert np.array_equal(maps["offset"], np.where(peaks, offset[frame], 0))
        assert len(data) <= reader.frame_bytes
