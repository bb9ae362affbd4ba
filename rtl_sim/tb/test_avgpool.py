"""avgpool: sums over whole maps, frame after frame, at every number of lanes."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.avgpool import AvgPool
from codesign.hardware.ops.avgpool import foldings


def cases(shape: tuple[int, int, int], lo: int, hi: int) -> list[Case]:
    op, kinds = AvgPool(4), [TensorType(shape, lo, hi)]
    return [Case(op, kinds, folding, frames=4) for folding in foldings(op, kinds, op.infer(*kinds))]


def test_sums_over_the_map_are_exact_at_every_folding():
    check_all(
        [*cases((5, 4, 4), 0, 255), *cases((6, 3, 2), -128, 127), *cases((3, 1, 1), -4, 3), *cases((1, 7, 7), 0, 1)]
    )
