"""split: one stream becomes two, pixel by pixel."""

import pytest

from codesign.bench import Case, check_all
from codesign.errors import GraphError
from codesign.graph import TensorType
from codesign.graph.ops.split import Split
from codesign.hardware.folding import Folding
from codesign.hardware.ops.split import foldings


def case(sizes: tuple[int, int], lanes: int) -> Case:
    return Case(Split(sizes), [TensorType((sum(sizes), 3, 4), -8, 7)], Folding(lanes, lanes), seed=sum(sizes))


def test_channels_are_parted():
    check_all(
        [case((3, 5), 1), case((4, 3), 2), case((6, 10), 3), case((1, 1), 1), case((4, 2), 4), case((58, 58), 29)]
    )


def test_three_streams_are_refused():
    with pytest.raises(GraphError, match="split in pairs"):
        foldings(Split((1, 2, 3)), [TensorType((6, 3, 4), 0, 1)], ())
