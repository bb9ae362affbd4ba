"""depthwise: exact at every folding, with strides, borders, small maps and frames that follow each other."""

from dataclasses import replace

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.depthwise import Depthwise
from codesign.hardware.folding import Folding
from codesign.hardware.ops import depthwise


def case(
    channels: int,
    size: tuple[int, int],
    lanes: int = 1,
    kernel: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (1, 1, 1, 1),
    x: tuple[int, int] = (0, 255),
    **built: int | str,
) -> Case:
    rng = np.random.default_rng(channels)
    weight = rng.integers(-8, 7, (channels, 1, *kernel), endpoint=True)
    op = Depthwise(weight, rng.integers(-999, 999, channels), (1.0,), stride, pads)
    return Case(op, [TensorType((channels, *size), *x)], Folding(lanes, lanes, **built))


def test_depthwise_convolution_is_exact_at_every_folding():
    check_all(
        [case(5, (6, 7), lanes, x=x) for lanes, x in ((1, (0, 255)), (2, (-128, 127)), (3, (0, 15)), (5, (-8, 7)))]
    )


def several(channels: int, size: tuple[int, int], lanes: int, taps: int, **shape: object) -> Case:
    """Several taps at once, as the scheduler may choose them."""
    found = case(channels, size, lanes, **shape)
    offered = depthwise.foldings(found.op, found.inputs, found.op.infer(*found.inputs))
    assert (lanes, taps) in {(f.pe, f.taps) for f in offered}
    return replace(found, folding=replace(found.folding, taps=taps))


def test_a_column_of_a_window_or_all_of_it_at_once_is_exact_at_its_rate():
    five = {"kernel": (5, 5), "pads": (2, 2, 2, 2)}
    check_all(
        [
            several(5, (6, 7), 5, 9),
            several(5, (6, 7), 2, 9, x=(-128, 127)),
            several(5, (6, 7), 1, 9, stride=(2, 2)),
            several(5, (6, 7), 5, 3),
            several(5, (6, 7), 3, 3, stride=(2, 1), x=(-8, 7)),
            several(3, (8, 9), 3, 9, pads=(0, 0, 0, 0)),
            several(2, (7, 6), 2, 25, **five),
            several(2, (7, 6), 1, 5, **five),
            several(4, (6, 6), 2, 4, kernel=(2, 2), stride=(2, 2), pads=(0, 0, 0, 0)),
            several(3, (6, 6), 3, 3, kernel=(1, 3), pads=(0, 1, 0, 1)),
            several(3, (1, 1), 3, 9),
            several(2, (5, 1), 1, 9),
            several(3, (6, 5), 3, 9, products="lut"),
        ]
    )


def test_strides_kernels_and_borders_keep_the_rate():
    check_all(
        [
            case(3, (8, 8), stride=(2, 2)),
            case(2, (7, 9), stride=(2, 2)),
            case(1, (7, 7), stride=(2, 1)),
            case(2, (9, 8), stride=(4, 4)),
            case(3, (6, 5), pads=(0, 0, 0, 0)),
            case(2, (7, 6), kernel=(5, 5), pads=(2, 2, 2, 2)),
            case(2, (6, 6), kernel=(1, 3), pads=(0, 1, 0, 1)),
            case(4, (6, 6), lanes=2, kernel=(2, 2), stride=(2, 2), pads=(0, 0, 0, 0)),
            case(3, (4, 6), pads=(0, 0, 2, 2)),
            case(70, (3, 3), lanes=1),
        ]
    )


def test_small_maps_fit_several_times_into_the_ring():
    check_all(
        [
            case(3, (1, 1)),
            case(1, (1, 1)),
            case(2, (2, 2), lanes=2),
            case(1, (1, 5)),
            case(1, (5, 1)),
            case(2, (3, 3), kernel=(1, 1), pads=(0, 0, 0, 0)),
        ]
    )


def test_a_smaller_ring_waits_exactly_as_long_as_predicted():
    rings = [((10, 12), slack) for slack in (2, 3, 6, 9, 13)] + [((9, 7), slack) for slack in (4, 6)]
    check_all([case(6, size, lanes, stride=(2, 2), slack=slack) for lanes in (1, 3) for size, slack in rings])


def test_a_ring_in_block_ram_and_luts_holds_every_word():
    check_all([case(24, (5, 45), buffer="mixed")])


def test_rings_and_tables_are_the_same_in_luts():
    check_all([case(40, (9, 9), buffer="lut", weights="lut"), case(6, (8, 8), stride=(2, 2), slack=5, buffer="block")])
