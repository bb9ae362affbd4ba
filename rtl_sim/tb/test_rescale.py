"""rescale: products, offsets, shifts and clamps are exact for every sign, width and folding."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.rescale import Rescale
from codesign.hardware.folding import Folding

SUMS = (-9000, 8000)


def single(factors, x: tuple[int, int], y: tuple[int, int], lanes: int, **built: str) -> Case:
    """Products of float32; of decimal factors many are halves."""
    op = Rescale.of_float32(np.array(factors, np.float32), *y, 1.0)
    return Case(op, [TensorType((len(factors), 40, 9), *x)], Folding(lanes, lanes, **built), seed=lanes)


def case(constants, x: tuple[int, int], y: tuple[int, int], channels: int, lanes: int, **built: str) -> Case:
    """constants: multipliers, offsets and shifts."""
    op = Rescale(*(np.array(values) for values in constants), *y, 1.0)
    return Case(op, [TensorType((channels, 40, 1), *x)], Folding(lanes, lanes, **built), seed=channels)


def test_requantization_by_a_multiplier_is_exact():
    rng = np.random.default_rng(0)
    many = rng.integers(-(2**11), 2**11, 96), rng.integers(-(2**21), 2**21, 96), rng.integers(14, 17, 96)
    check_all(
        [
            case(([77], [1 << 11], [12]), (-30000, 30000), (0, 255), 5, 1),
            case(
                ([77, -40, 3, 0, 900], [2048, -9, 0, 5000, -77777], [12, 11, 9, 3, 14]), (-9000, 8000), (0, 255), 5, 2
            ),
            case(([123457, -99991, 5], [1 << 24, 3, 1], [25, 24, 9]), (-(2**19), 2**19), (-113, 142), 3, 3),
            case(([3], [1], [0]), (0, 50), (-7, 100), 2, 1),
            case(([1, 2], [0], [0, 1]), (-20, 20), (-128, 127), 2, 2),
            case(([5], [-40], [2]), (0, 15), (0, 3), 4, 4),
            case(many, (-(2**15), 2**15 - 1), (-128, 127), 96, 1),
            case(many, (-(2**15), 2**15 - 1), (-128, 127), 96, 1, weights="lut"),
            case(
                ([77, -40, 3, 0, 900], [2048, -9, 0, 5000, -77], [12, 11, 9, 3, 14]),
                SUMS,
                (0, 255),
                5,
                2,
                products="lut",
            ),
            case(([77], [1 << 11], [12]), SUMS, (-113, 142), 5, 5, products="lut"),
        ]
    )


def test_products_of_float32_are_exact():
    check_all(
        [
            single([0.1, 0.3, 0.7, 0.9, 0.0123], (-999, 900), (-128, 127), 2),
            single([0.1, 0.3, 0.7, 0.9, 0.0123], (-999, 900), (-113, 142), 5),
            single([0.1, 0.3, 0.7, 0.9, 0.0123], (-999, 900), (0, 255), 1, products="lut"),
            single([0.5, 1.5, 2.5], (0, 99), (0, 63), 1),
            single([1e-4, 3e-5, 7e-6], (-(2**20), 2**20), (-128, 127), 3),
        ]
    )
