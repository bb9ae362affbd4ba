"""upsample: pixels and rows are repeated at one output beat a cycle."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.upsample import Upsample
from codesign.hardware.folding import Folding


def case(factor: int, shape: tuple[int, int, int], lanes: int) -> Case:
    return Case(Upsample(factor), [TensorType(shape, -8, 7)], Folding(lanes, lanes), seed=sum(shape))


def test_pixels_and_rows_are_repeated():
    check_all(
        [
            case(2, (5, 3, 4), 1),
            case(2, (5, 3, 4), 2),
            case(2, (4, 2, 3), 4),
            case(3, (2, 2, 5), 1),
            case(4, (3, 2, 2), 3),
            case(2, (1, 1, 1), 1),
            case(2, (7, 1, 1), 1),
            case(3, (1, 2, 1), 1),
            case(2, (64, 2, 40), 1),
        ]
    )
