"""requant: shifts, rounding to even and clamps are exact for every sign, width and folding."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.requant import Requant
from codesign.hardware.folding import Folding


def case(shifts: list[int], x: tuple[int, int], y: tuple[int, int], lanes: int, pixels: int = 40) -> Case:
    """Input scales are such that the output's scale is 1, as the operator demands."""
    scale = tuple(float(np.ldexp(1.0, -s)) for s in shifts)
    kind = TensorType((len(shifts), pixels, 1), *x, scale)
    op = Requant(np.array(shifts), *y, 1.0)
    return Case(op, [kind], Folding(lanes, lanes), seed=len(shifts))


def test_requantization_is_exact():
    check_all(
        [
            case([7] * 5, (-30000, 30000), (0, 255), 1),
            case([7, 4, 9, 5, 7], (-30000, 30000), (0, 255), 1),
            case([6, 4, 7, 5, 7, 4, 6], (-2000, 2100), (0, 255), 2),
            case([11, 4, 7, 5, 7, 0, 6], (-90000, 80000), (-127, 127), 3),
            case([3, 4], (-500, 500), (-7, 7), 2),
            case([-3, -1, 2], (-20, 20), (-128, 127), 1),
            case([-2], (-3, 3), (-100, 100), 1),
            case([1, 2], (-9, 9), (-300, 300), 1),
            case([12, 14], (-100, 100), (-8, 7), 1),
            case([5, 3, 6], (0, 4000), (3, 200), 4),
            case([2], (-40, 2), (-32768, 32767), 1),
            case([20, 1, 9], (-(2**23), 2**23 - 1), (-32767, 32767), 1),
            case([4, 5, 6, 7, 8] * 5, (-4095, 4095), (0, 15), 25, 1),
        ]
    )
