"""mul: two streams of any widths and signs are multiplied without overflow; the second may serve a map, or a pixel."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.mul import Mul
from codesign.hardware.ops.mul import foldings

UNSIGNED, SIGNED, BIPOLAR = (0, 255), (-8, 7), (-1, 1, (1.0,), 2)


def cases(shape: tuple[int, int, int], other: tuple[int, int, int], first: tuple, second: tuple) -> list[Case]:
    kinds = [TensorType(shape, *first), TensorType(other, *second)]
    op = Mul()
    return [Case(op, kinds, folding, seed=shape[0]) for folding in foldings(op, kinds, op.infer(*kinds))]


def test_products_are_exact_whatever_the_widths_signs_and_shapes():
    check_all(
        [
            *cases((6, 3, 4), (6, 3, 4), UNSIGNED, UNSIGNED),
            *cases((5, 3, 4), (5, 3, 4), UNSIGNED, SIGNED),
            *cases((2, 3, 4), (2, 3, 4), (-128, 127), (-128, 127)),
            *cases((2, 3, 1), (2, 3, 1), (3, 4), (-9, -1)),
            *cases((1, 2, 2), (1, 2, 2), (0, 1), (0, 0)),
            *cases((6, 4, 3), (6, 1, 1), UNSIGNED, SIGNED),
            *cases((5, 3, 3), (5, 1, 1), SIGNED, UNSIGNED),
            *cases((3, 1, 1), (3, 1, 1), SIGNED, (0, 65535)),
            *cases((6, 4, 3), (1, 4, 3), SIGNED, UNSIGNED),
            *cases((5, 3, 4), (1, 1, 1), UNSIGNED, UNSIGNED),
            *cases((3, 2, 2), (1, 1, 1), SIGNED, SIGNED),
        ]
    )
