"""lookup: every value of every channel gives its result, whatever its sign, width, folding and memory."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.lookup import Lookup
from codesign.hardware.folding import Folding


def case(x: tuple[int, int], y: tuple[int, int], rows: int, channels: int, lanes: int, weights: str = "") -> Case:
    """rows: tables, one or as many as channels. They reach beyond the least and the largest x."""
    rng = np.random.default_rng(channels)
    op = Lookup(rng.integers(*y, (rows, x[1] - x[0] + 4), endpoint=True), x[0] - 1, 1.0)
    return Case(op, [TensorType((channels, 40, 7), *x)], Folding(lanes, lanes, weights=weights), seed=lanes)


def test_a_table_gives_the_result_of_every_value():
    check_all(
        [
            case((0, 255), (-128, 127), 1, 3, 1),
            case((-128, 127), (0, 255), 1, 4, 4),
            case((-9, 20), (-900, 800), 5, 5, 2),
            case((0, 1), (0, 1), 3, 3, 3),
            case((-1, 0), (-1, 0), 1, 2, 1),
            case((0, 1000), (0, 1023), 1, 2, 2, "lut"),
            case((0, 1000), (0, 1023), 1, 2, 2),
            case((0, 255), (0, 15), 70, 70, 1),
            case((-100, 155), (-113, 142), 16, 16, 8, "lut"),
        ]
    )
