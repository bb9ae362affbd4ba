"""add: two streams of any widths and signs are added without overflow."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.hardware.ops.add import foldings

UNSIGNED, SIGNED = (0, 255), (-8, 7)


def cases(channels: int, first: tuple[int, int], second: tuple[int, int]) -> list[Case]:
    kinds = [TensorType((channels, 3, 4), *bounds) for bounds in (first, second)]
    op = Add()
    return [Case(op, kinds, folding, seed=channels) for folding in foldings(op, kinds, op.infer(*kinds))]


def test_sums_are_exact_whatever_the_widths_and_signs():
    check_all(
        [
            *cases(6, UNSIGNED, UNSIGNED),
            *cases(5, UNSIGNED, SIGNED),
            *cases(1, SIGNED, UNSIGNED),
            *cases(3, SIGNED, (-128, 127)),
            *cases(2, (3, 4), (-9, -1)),
        ]
    )
