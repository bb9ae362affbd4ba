"""concat: two streams become one, pixel by pixel, whatever their widths and signs."""

import pytest

from codesign.bench import Case, check_all
from codesign.errors import GraphError
from codesign.graph import TensorType
from codesign.graph.ops.concat import Concat
from codesign.hardware.folding import Folding
from codesign.hardware.ops.concat import foldings


def case(channels: tuple[int, int], ranges: tuple[tuple[int, int], tuple[int, int]], lanes: int) -> Case:
    kinds = [TensorType((c, 3, 4), *bounds) for c, bounds in zip(channels, ranges, strict=True)]
    return Case(Concat(), kinds, Folding(lanes, lanes), seed=sum(channels))


def test_channels_are_joined():
    unsigned, signed = (0, 255), (-8, 7)
    check_all(
        [
            case((3, 5), (unsigned, unsigned), 1),
            case((4, 3), (unsigned, signed), 2),
            case((6, 10), (signed, unsigned), 3),
            case((1, 1), (signed, signed), 1),
            case((4, 2), (unsigned, unsigned), 4),
            case((58, 58), (unsigned, unsigned), 29),
        ]
    )


def test_three_streams_are_refused():
    kind = TensorType((2, 3, 4), 0, 1)
    with pytest.raises(GraphError, match="concatenate in pairs"):
        foldings(Concat(), [kind] * 3, [TensorType((6, 3, 4), 0, 1)])
