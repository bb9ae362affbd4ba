"""threshold: any monotone function is exact, rising or falling, for every sign, width, count and folding."""

import numpy as np

from codesign.bench import Case, check, check_all
from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.threshold import Threshold
from codesign.hardware.folding import Folding


def case(
    channels: int,
    count: int,
    x: tuple[int, int],
    lanes: int,
    *,
    rows: int | None = None,
    signs: tuple[int, ...] = (1,),
    lo: int = 0,
    step: int = 1,
    pixels: int = 40,
) -> Case:
    """Thresholds anywhere in the range of x or just beyond it, some of them equal, some never or always passed."""
    rng = np.random.default_rng(count + channels)
    sign = np.resize(signs, channels if len(signs) > 1 else 1)
    ends = np.sort([x[0] * sign, x[1] * sign], axis=0)
    low, high = (np.broadcast_to(end[:rows, None], (rows or channels, 1)) for end in ends)
    thresholds = np.sort(rng.integers(low - 2, high + 4, (rows or channels, count)), axis=1)
    op = Threshold(thresholds, sign, lo, 1.0, step)
    return Case(op, [TensorType((channels, pixels, 1), *x)], Folding(lanes, lanes), seed=count)


def test_thresholds_are_exact():
    check_all(
        [
            case(5, 15, (-3000, 3000), 1),
            case(7, 15, (-3000, 2000), 2, signs=(1, -1, -1)),
            case(6, 255, (-70000, 90000), 3, lo=-128),
            case(4, 255, (0, 255), 4, signs=(-1, 1)),
            case(9, 1, (-9, 9), 3, lo=-1, step=2),
            case(9, 1, (-9, 9), 9, signs=(-1,), lo=-1, step=2),
            case(3, 2, (-20, 31), 1, lo=-1, signs=(-1, 1)),
            case(5, 3, (0, 31), 2, rows=1),
            case(5, 6, (3, 900), 2, rows=1, signs=(-1,), lo=-3),
            case(5, 6, (3, 900), 2, rows=1, signs=(1, -1), lo=2),
            case(1, 7, (-1, 0), 1),
            case(1, 1, (-(2**23), 2**23 - 1), 1, signs=(-1,)),
            case(40, 4, (-500, 300), 1, pixels=5),
            case(2, 100, (-5, 5), 1, lo=-300, step=6),
            case(12, 3, (-90, 90), 12, pixels=5),
        ]
    )


def test_thresholds_of_a_bipolar_tensor_take_its_integers():
    op = Threshold(np.array([[0], [2]]), np.array([1, -1]), -1, 1.0, 2)
    check(op, [TensorType((2, 9, 1), -1, 1, step=2)], Folding(1, 1))


def test_tables_in_block_ram_are_exact():
    wide = case(64, 127, (-(2**18), 2**18), 1, pixels=3)
    assert len(np.unique(wide.op.thresholds)) > 4000
    check_all([wide])


def test_arithmetic_blocks_take_bipolar_inputs_and_pad_them_with_zeros():
    rng = np.random.default_rng(0)
    x = TensorType((5, 4, 6), -1, 1, step=2)
    weight = rng.choice([-1, 1], (3, 5, 3, 3))
    check_all(
        [
            Case(Conv(weight, np.array([3, -4, 0]), pads=(1, 1, 1, 1)), [x], Folding(3, 5)),
            Case(Linear(rng.integers(-7, 8, (4, 120)), np.zeros(4)), [x], Folding(2, 1)),
            Case(Add(), [x, x], Folding(2, 2)),
            Case(Add(), [TensorType((5, 4, 6), -3, 12, step=5)] * 2, Folding(2, 2)),
            Case(AvgPool(32), [x], Folding(5, 5)),
        ]
    )
