"""stream_fork: every reader gets every beat once, however unevenly the readers pause."""

import numpy as np

from codesign.bench import Streams, check_streams, random_frames
from codesign.emit.rtl.base import Block, Port
from codesign.graph import TensorType


def test_three_readers_get_every_beat_at_full_rate_and_without_latency():
    port = Port(2, 6, signed=False)
    block = Block("fork_to_three", {"WIDTH": port.width}, (port,), (port, port, port))
    frames = random_frames(np.random.default_rng(0), TensorType((6, 5, 4), 0, 63), 3)
    check_streams([Streams("fork", block, [frames], [frames] * 3, 60, 0)])
