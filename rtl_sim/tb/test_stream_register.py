"""stream_register: full rate, one cycle of latency, nothing lost."""

import numpy as np
import pytest

from codesign.bench import Streams, check_streams, random_frames
from codesign.emit.rtl.base import Block, Port
from codesign.graph import TensorType


def case(lanes: int, bits: int) -> Streams:
    port = Port(lanes, bits, signed=False)
    block = Block("stream_register", {"WIDTH": port.width}, (port,), (port,))
    frames = random_frames(np.random.default_rng(0), TensorType((5, 4, 3), 0, 2**bits - 1), 3)
    return Streams(f"{lanes} x {bits} bits", block, [frames], [frames], 12 * -(-5 // lanes), 1)


def test_a_register_passes_every_beat_at_full_rate():
    check_streams([case(1, 1), case(3, 8), case(5, 17)])


def test_the_bench_sees_a_wrong_bit_and_a_wrong_interval():
    good = case(1, 4)
    wrong = good.outputs[0].copy()
    wrong[1, 2, 3, 0] ^= 1
    with pytest.raises(AssertionError, match=r"\(1, 2, 3, 0\)"):
        check_streams([Streams("x", good.block, good.inputs, [wrong])])
    with pytest.raises(AssertionError, match="measured interval_cycles = 60, predicted 61"):
        check_streams([Streams("x", good.block, good.inputs, good.outputs, 61, 1)])
