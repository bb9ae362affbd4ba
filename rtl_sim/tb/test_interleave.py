"""interleave: the channels of two streams take turns, whatever their widths and signs, at every number of lanes."""

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.interleave import Interleave
from codesign.hardware.ops.interleave import foldings

UNSIGNED, SIGNED = (0, 255), (-8, 7)


def cases(channels: int, first: tuple[int, int], second: tuple[int, int]) -> list[Case]:
    kinds = [TensorType((channels, 3, 4), *bounds) for bounds in (first, second)]
    op = Interleave()
    return [Case(op, kinds, folding, seed=channels) for folding in foldings(op, kinds, op.infer(*kinds))]


def test_channels_take_turns():
    check_all([*cases(6, UNSIGNED, UNSIGNED), *cases(5, UNSIGNED, SIGNED), *cases(1, SIGNED, UNSIGNED)])


def test_a_shuffle_units_channels_take_turns():
    check_all(cases(58, UNSIGNED, UNSIGNED)[:6])
