"""top_k: the largest channels of every pixel, the lower index first of equal ones, at every folding."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.top_k import TopK
from codesign.hardware.ops.top_k import foldings


def cases(shape: tuple[int, int, int], lo: int, hi: int, k: int = 1, step: int = 1, frames: int = 4) -> list[Case]:
    op, kinds = TopK(k), [TensorType(shape, lo, hi, step=step)]
    return [Case(op, kinds, folding, frames=frames) for folding in foldings(op, kinds, op.infer(*kinds))]


def test_the_largest_channel_is_found_at_every_folding():
    check_all(
        [
            *cases((10, 1, 1), -1024, 1023, frames=12),
            *cases((7, 3, 4), 0, 2),
            *cases((19, 2, 3), -100, -3),
            *cases((5, 4, 2), -1, 1, step=2),
            *cases((1, 2, 2), 0, 255),
            *cases((2, 3, 3), 0, 0),
        ]
    )


def test_the_largest_channels_come_in_their_order():
    check_all(
        [
            *cases((10, 1, 1), -1024, 1023, k=3, frames=12),
            *cases((6, 3, 4), 0, 2, k=2),
            *cases((5, 4, 2), -8, 7, k=5),
            *cases((3, 3, 3), 0, 1, k=3),
            *cases((1, 2, 2), 0, 255, k=1),
            *cases((40, 2, 1), -(2**20), 2**20, k=5),
        ]
    )
