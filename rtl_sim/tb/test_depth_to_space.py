"""depth_to_space: the channels of pixels become rows of pixels at one beat a cycle."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.hardware.folding import Folding


def case(block: tuple[int, int], shape: tuple[int, int, int], lanes: int, crop: tuple[int, int] = (0, 0)) -> Case:
    """shape: of the input."""
    return Case(DepthToSpace(block, crop), [TensorType(shape, -8, 7)], Folding(lanes, lanes), seed=sum(shape))


def test_channels_become_pixels():
    check_all(
        [
            case((2, 2), (4, 3, 5), 1),
            case((2, 2), (12, 3, 4), 3),
            case((2, 2), (12, 4, 7), 1),
            case((3, 3), (18, 2, 5), 1),
            case((4, 4), (32, 3, 6), 2),
            case((3, 2), (18, 3, 4), 3),
            case((1, 3), (6, 2, 5), 1),
            case((3, 1), (6, 3, 5), 2),
            case((1, 1), (4, 2, 3), 2),
            case((2, 2), (8, 1, 1), 2),
            case((5, 2), (10, 3, 1), 1),
            case((2, 2), (64, 2, 40), 1),
        ]
    )


def test_rows_and_columns_at_the_end_are_left_out():
    check_all(
        [
            case((2, 2), (8, 3, 4), 1, (1, 1)),
            case((2, 2), (8, 3, 4), 2, (1, 0)),
            case((3, 3), (18, 2, 5), 2, (0, 2)),
            case((4, 3), (24, 1, 3), 1, (3, 1)),
            case((1, 2), (6, 4, 3), 3, (0, 1)),
            case((3, 2), (12, 3, 1), 1, (2, 1)),
        ]
    )
