"""deform: exact and of one rate for any dilation, at both bounds, with small maps and frames that follow each other."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.deform import Deform
from codesign.hardware.folding import Folding


def case(
    channels: int,
    size: tuple[int, int],
    s: tuple[int, int],
    lanes: int = 1,
    x: tuple[int, int] = (0, 255),
    frames: int = 3,
    **built: str,
) -> Case:
    rng = np.random.default_rng(channels)
    weight = rng.integers(-7, 7, (channels, 1, 3, 3), endpoint=True)
    op = Deform(weight, rng.integers(-999, 999, channels))
    return Case(
        op, [TensorType((channels, *size), *x), TensorType((1, *size), *s)], Folding(lanes, lanes, **built), frames
    )


def test_any_dilation_is_exact_at_one_rate():
    check_all(
        [
            case(2, (9, 8), (0, 3)),
            case(3, (9, 9), (-3, 2), lanes=2, x=(-128, 127)),
            case(1, (20, 18), (-7, 8)),
            case(5, (8, 16), (0, 7), lanes=5),
        ]
    )


def test_dilations_at_their_bounds_read_what_is_still_there():
    check_all(
        [case(2, (18, 17), (7, 7)), case(2, (18, 17), (-7, -7)), case(1, (9, 9), (0, 0)), case(1, (9, 9), (1, 1))]
    )


def test_maps_smaller_than_the_bound_are_exact():
    check_all([case(1, (1, 1), (0, 7), frames=5), case(2, (2, 3), (-7, 7), frames=6), case(3, (3, 1), (1, 2), lanes=3)])


def test_a_ring_in_block_ram_and_luts_holds_every_word():
    check_all([case(40, (7, 20), (-2, 2), frames=2, buffer="mixed")])
