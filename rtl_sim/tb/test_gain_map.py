"""gain_map: every pixel meets the gains of its own row and column, whatever the widths and signs."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.gain_map import GainMap
from codesign.hardware.ops.gain_map import foldings


def cases(shape: tuple[int, int, int], lo: int, hi: int, most: int = 3) -> list[Case]:
    rng = np.random.default_rng(shape[0])
    op = GainMap(rng.integers(1, most + 1, shape[1]), rng.integers(1, most + 1, shape[2]), 36)
    kinds = [TensorType(shape, lo, hi)]
    return [Case(op, kinds, folding, frames=4) for folding in foldings(op, kinds, op.infer(*kinds))]


def test_every_place_has_its_own_gain_at_every_folding():
    check_all(
        [
            *cases((5, 4, 6), 0, 2295),
            *cases((6, 3, 2), -1152, 1143),
            *cases((2, 1, 5), -100, -3),
            *cases((3, 5, 1), 0, 15, most=1),
            *cases((1, 1, 1), 0, 1, most=105),
            *cases((2, 3, 300), -(2**15), 2**15 - 1, most=105),
        ]
    )
