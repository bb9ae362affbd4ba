"""linear: frames flattened in (C, H, W) order, channels that are no multiple of the lanes."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.linear import Linear
from codesign.hardware.folding import Folding


def case(shape: tuple[int, int, int], outputs: int, pe: int, simd: int, x: tuple[int, int] = (0, 255)) -> Case:
    rng = np.random.default_rng(outputs)
    op = Linear(rng.integers(-7, 7, (outputs, np.prod(shape)), endpoint=True), rng.integers(-999, 999, outputs))
    return Case(op, [TensorType(shape, *x)], Folding(pe, simd), frames=4)


def test_fully_connected_layers_are_exact_at_every_folding():
    check_all(
        [
            case((5, 2, 3), 10, 3, 2),
            case((16, 1, 1), 10, 10, 4, x=(-128, 127)),
            case((3, 4, 4), 7, 1, 1, x=(0, 1)),
            case((4, 1, 1), 9, 9, 4),
            case((1, 1, 1), 1, 1, 1),
        ]
    )
