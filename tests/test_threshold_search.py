"""The tables of the search among thresholds: followed as the hardware does it, they give what the operator gives."""

import numpy as np
import pytest

from codesign.graph import TensorType
from codesign.graph.ops.threshold import Threshold
from codesign.hardware.folding import Folding, beats
from codesign.hardware.ops.threshold import search

X = TensorType((6, 1, 40), -50, 49)


def followed(op, folding, x):
    """Results (C, W) for x (C, W): each lane goes through one word a stage, at the place that its choices make."""
    unit = search(op, (X,), folding)
    found = np.zeros_like(x)
    for channel in range(len(x)):
        beat, lane = divmod(channel, folding.pe)
        beat = min(beat, unit.beats - 1)
        for place, value in enumerate(x[channel]):
            choice, falls = 0, 0
            for stage in range(unit.stages):
                words = unit.tables(stage)[lane]
                assert len(words) == unit.memories[stage][0]
                word = int(words[(beat << stage) + choice])
                if unit.flips and not stage:
                    falls = word >> unit.bits
                word &= (1 << unit.bits) - 1
                threshold = word - (1 << unit.bits) if word >> (unit.bits - 1) else word
                choice = 2 * choice + int((-value - 1 if falls else value) >= threshold)
            found[channel, place] = choice
    return op.lo + op.step * found


@pytest.mark.parametrize("pe", [1, 2, 3, 6])
@pytest.mark.parametrize("count", [1, 3, 5, 7])
@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize("falls", [False, True])
def test_the_search_gives_what_the_operator_gives(rows, count, falls, pe):
    rng = np.random.default_rng((rows, count, falls))
    sign = rng.choice([-1, 1], 6) if falls else np.ones(1, np.int64)
    op = Threshold(np.sort(rng.integers(-55, 56, (rows, count)), axis=1), sign, -2, 1.0)
    x = rng.integers(X.lo, X.hi + 1, (6, 40))
    (expected,) = op.execute(x[None, :, None].astype(np.int32))
    assert np.array_equal(followed(op, Folding(pe, pe), x), expected[0, :, 0])


def test_channels_of_the_same_thresholds_share_one_row_of_a_table():
    op = Threshold(np.array([[-3, 0, 9]]), np.ones(1, np.int64), 0, 1.0)
    assert [memory[0] for memory in search(op, (X,), Folding(2, 2)).memories] == [1, 2]
    own = Threshold(np.repeat(op.thresholds, 6, axis=0), np.ones(6, np.int64), 0, 1.0)
    assert beats(6, 2) == 3
    assert [memory[0] for memory in search(own, (X,), Folding(2, 2)).memories] == [3, 6]
