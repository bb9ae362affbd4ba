"""maxpool: positions outside the frame never win, not even against negative values."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.maxpool import MaxPool
from codesign.hardware.folding import Folding


def case(
    shape: tuple[int, int, int],
    lanes: int,
    kernel: int,
    stride: int,
    pad: int,
    x: tuple[int, int] = (-128, 127),
    dilation: tuple[int, int] = (1, 1),
) -> Case:
    op = MaxPool((kernel, kernel), (stride, stride), (pad,) * 4, dilation)
    return Case(op, [TensorType(shape, *x)], Folding(lanes, lanes))


def test_max_pooling_is_exact_with_padding_and_strides():
    check_all(
        [
            case((3, 8, 8), 1, 3, 2, 1),
            case((3, 7, 5), 2, 3, 2, 1, x=(-100, -1)),
            case((5, 6, 6), 5, 2, 2, 0, x=(0, 15)),
            case((1, 1, 1), 1, 3, 1, 1),
            case((2, 5, 5), 1, 3, 1, 1, x=(-1, 0)),
        ]
    )


def test_taps_of_a_window_may_lie_apart():
    check_all(
        [
            case((3, 9, 8), 1, 3, 1, 2, dilation=(2, 2)),
            case((3, 9, 8), 3, 3, 2, 1, x=(0, 15), dilation=(2, 1)),
            case((4, 8, 9), 2, 2, 1, 0, x=(-100, -1), dilation=(1, 3)),
            case((1, 6, 7), 1, 2, 2, 1, dilation=(3, 2)),
            case((2, 7, 7), 2, 3, 1, 2, dilation=(3, 3)),
        ]
    )


def test_a_ring_over_many_block_rams_gives_every_word_back():
    check_all([case((64, 4, 66), 1, 3, 2, 1), case((40, 4, 66), 2, 3, 2, 1)])


def test_a_pool_of_one_pixel_passes_it_on():
    check_all([case((4, 3, 3), lanes, 1, 1, 0) for lanes in (1, 4)])
