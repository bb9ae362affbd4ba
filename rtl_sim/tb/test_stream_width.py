"""stream_width: any lanes to any lanes, pixels apart, at the narrower side's rate."""

import math

import numpy as np

from codesign.bench import Streams, check_streams, random_frames
from codesign.emit.rtl.base import Block, Port
from codesign.graph import TensorType
from codesign.hardware.folding import beats


def case(channels: int, in_lanes: int, out_lanes: int) -> Streams:
    bits = 5
    inside, outside = Port(in_lanes, bits, signed=True), Port(out_lanes, bits, signed=True)
    parameters = {"BITS": bits, "CHANNELS": channels, "IN_LANES": in_lanes, "OUT_LANES": out_lanes}
    block = Block("stream_width", parameters, (inside,), (outside,))
    frames = random_frames(np.random.default_rng(channels), TensorType((channels, 2, 3), -16, 15), 3)
    interval = 6 * beats(channels, math.gcd(in_lanes, out_lanes))
    return Streams(f"{channels} channels, {in_lanes} to {out_lanes}", block, [frames], [frames], interval, None)


def test_channels_are_regrouped_at_the_rate_of_the_narrower_side():
    lanes = [(1, 2), (2, 1), (1, 7), (7, 1), (2, 8), (8, 2), (4, 6), (6, 4), (3, 3), (16, 4), (4, 16)]
    check_streams([case(channels, *pair) for channels in (7, 12) for pair in lanes] + [case(1, 1, 4), case(1, 4, 1)])
