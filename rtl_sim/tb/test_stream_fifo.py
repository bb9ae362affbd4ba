"""stream_fifo: full rate at any depth, from LUT RAM, block RAM and both."""

import numpy as np

from codesign.bench import Streams, check_streams, random_frames
from codesign.emit.rtl.base import Block, Port
from codesign.graph import TensorType


def case(depth: int, bits: int, block_ram: int, latency_cycles: int, rest: int = 0) -> Streams:
    port = Port(1, bits, signed=False)
    parameters = {"WIDTH": bits, "DEPTH": depth, "BLOCK": block_ram, "REST": rest}
    block = Block("stream_fifo", parameters, (port,), (port,))
    frames = random_frames(np.random.default_rng(depth), TensorType((5, 7, 11), 0, 2**bits - 1), 3)
    return Streams(
        f"depth {depth}, block RAM {block_ram}, rest {rest}",
        block,
        [frames],
        [frames],
        5 * 7 * 11,
        latency_cycles,
        depth,
    )


def test_a_fifo_of_any_depth_passes_every_beat_at_full_rate():
    check_streams(
        [
            case(2, 8, 0, 2),
            case(5, 3, 0, 2),
            case(16, 9, 0, 2),
            case(100, 8, 0, 2),
            case(3, 8, 1, 3),
            case(700, 12, 1, 3),
            case(70, 12, 1, 3, rest=6),
        ]
    )
