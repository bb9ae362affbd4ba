"""Parameters of blocks as they are printed: what an operator says is what its module is told."""

import numpy as np
import pytest

from codesign.emit.rtl.ops.requant import block
from codesign.graph import TensorType
from codesign.graph.ops.requant import Requant
from codesign.hardware.folding import Folding

SUMS = TensorType((4, 3, 3), -5000, 5000)


@pytest.mark.parametrize(
    ("lo", "hi", "bits", "signed", "told"),
    [
        (-100, 90, 8, 1, (-100, 90)),
        (-128, 127, 8, 1, (-128, 127)),
        (0, 255, 8, 0, (0, 255)),
        (3, 12, 4, 0, (3, 12)),
        (-1, 0, 1, 1, (-1, 0)),
    ],
)
def test_a_requantization_clamps_where_its_operator_does(lo, hi, bits, signed, told):
    op = Requant(np.array([3]), lo, hi, 8.0)
    made = block("act", op, (SUMS,), op.infer(SUMS), Folding(2, 2))
    assert (made.parameters["LO"], made.parameters["HI"]) == told
    assert (made.parameters["OUT_BITS"], made.parameters["OUT_SIGNED"]) == (bits, signed)
    assert (made.parameters["IN_BITS"], made.parameters["IN_SIGNED"]) == (14, 1)
    assert (made.parameters["LANES"], made.parameters["BEATS"]) == (2, 2)
    assert made.parameters["MIN_SHIFT"] == 3 and "SPREAD" not in made.parameters and not made.memories


def test_shifts_of_channels_are_kept_above_the_least_of_them():
    op = Requant(np.array([2, -1, 5, 2]), 0, 15, 1.0)
    sums = TensorType((4, 3, 3), -5000, 5000, scale=(0.25, 2.0, 2.0**-5, 0.25))
    made = block("act", op, (sums,), op.infer(sums), Folding(2, 2))
    assert (made.parameters["MIN_SHIFT"], made.parameters["SPREAD"]) == (-1, 6)
    (memory,) = made.memories
    assert made.parameters["SHIFT_FILE"] == memory.file == "act.shift.mem"
    assert memory.bits == 3
    assert np.asarray(memory.words).ravel().tolist() == [3, 0, 6, 3]
