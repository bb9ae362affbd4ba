"""conv in groups: every folding within and across groups at its exact rate, any stride, border and map."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.group_conv import GroupConv
from codesign.hardware.folding import Folding
from codesign.hardware.ops import group_conv


def case(
    groups: int,
    sizes: tuple[int, int],
    folding: tuple[int, ...],
    size: tuple[int, int] = (3, 4),
    kernel: int = 3,
    stride: int = 1,
    pad: int | None = None,
    values: tuple[int, int] = (-7, 7),
    x: tuple[int, int] = (0, 255),
    **built: int | str,
) -> Case:
    """`groups` of `sizes` (inputs, outputs), weights in `values`; a `folding` that the scheduler may choose.

    It is (outputs, inputs, taps) at once, of one tap without the last.
    """
    rng = np.random.default_rng(groups + sum(sizes))
    inputs, outputs = sizes
    weight = rng.integers(*values, (groups * outputs, inputs, kernel, kernel), endpoint=True)
    pads = (kernel // 2 if pad is None else pad,) * 4
    op = GroupConv(weight, rng.integers(-999, 999, groups * outputs), (1.0,), (stride, stride), pads, groups=groups)
    kind = TensorType((groups * inputs, *size), *x)
    allowed = {(f.pe, f.simd, f.taps) for f in group_conv.foldings(op, (kind,), op.infer(kind))}
    assert (*folding, 1)[:3] in allowed, f"{folding} is not one of {sorted(allowed)}"
    return Case(op, [kind], Folding(*folding, **built))


def test_foldings_within_a_group_are_exact():
    check_all([case(3, (4, 6), (pe, simd)) for pe in (1, 2, 3, 6) for simd in (1, 2, 4)])


def test_several_groups_at_once_are_exact_even_if_they_do_not_divide_the_groups():
    check_all([case(7, (2, 3), (3 * units, 2 * units), size=(4, 3)) for units in (2, 3, 4, 7)])


def test_several_taps_at_once_are_exact_within_and_across_groups():
    check_all(
        [
            case(3, (4, 6), (6, 4, 9)),
            case(3, (4, 6), (2, 4, 9)),
            case(3, (4, 6), (3, 2, 9), stride=2, size=(5, 6)),
            case(2, (4, 2), (2, 4, 3)),
            case(2, (4, 3), (1, 4, 3), size=(5, 4), pad=0),
            case(7, (2, 3), (9, 6, 9), size=(4, 3)),
            case(7, (2, 3), (12, 8, 3)),
            case(7, (2, 3), (21, 14, 9), stride=2),
            case(2, (2, 4), (1, 1, 9), size=(6, 7), pad=0),
            case(2, (2, 3), (3, 2, 25), size=(4, 3), kernel=5),
            case(5, (1, 3), (15, 5, 9), x=(-8, 7)),
        ]
    )


def test_pointwise_groups_pass_at_full_rate():
    check_all(
        [
            case(4, (3, 2), (1, 1), kernel=1),
            case(4, (3, 2), (2, 1), kernel=1),
            case(4, (3, 2), (1, 3), kernel=1),
            case(4, (3, 2), (2, 3), kernel=1, x=(-128, 127)),
            case(4, (3, 2), (4, 6), kernel=1),
            case(5, (2, 4), (8, 4), kernel=1),
            case(4, (4, 4), (16, 16), kernel=1, size=(1, 1)),
            case(3, (4, 2), (2, 2), kernel=1, stride=2, size=(5, 4)),
        ]
    )


def test_groups_of_one_channel_may_have_any_number_of_outputs():
    check_all(
        [
            case(6, (1, 1), (1, 1)),
            case(6, (1, 1), (3, 3)),
            case(5, (1, 1), (3, 3), size=(2, 2)),
            case(5, (1, 3), (3, 1), x=(-8, 7)),
            case(5, (1, 2), (4, 2), stride=2, size=(5, 5)),
            case(4, (3, 1), (2, 6)),
        ]
    )


def test_windows_keep_their_rate_with_strides_borders_and_small_maps():
    check_all(
        [
            case(2, (4, 2), (1, 2), size=(7, 6), stride=2),
            case(4, (2, 4), (8, 4), size=(6, 7), stride=2),
            case(2, (3, 3), (3, 1), size=(9, 8), stride=4),
            case(3, (2, 2), (2, 1), size=(1, 1)),
            case(4, (2, 2), (4, 4), size=(1, 1)),
            case(2, (2, 4), (2, 2), size=(1, 5)),
            case(2, (2, 4), (4, 1), size=(7, 5), pad=0),
            case(2, (2, 3), (3, 2), size=(4, 3), kernel=5),
            case(1, (4, 4), (2, 2)),
        ]
    )


def test_two_outputs_a_multiplier_are_exact_at_the_ends_of_all_ranges():
    check_all(
        [
            one
            for x in ((0, 255), (-128, 127), (0, 1))
            for one in (
                case(3, (4, 4), (4, 1), values=(-7, 7), x=x),
                case(3, (2, 3), (9, 6), values=(-8, -8), x=x),
                case(3, (2, 3), (6, 4), values=(7, 7), x=x),
                case(3, (4, 3), (3, 4), values=(-127, 127), x=x),
            )
        ]
    )


def test_smaller_rings_and_tables_in_luts_or_block_ram_change_nothing():
    check_all(
        [
            case(3, (4, 2), (2, 2), size=(10, 12), stride=2, slack=6),
            case(4, (2, 2), (4, 4), size=(9, 7), stride=2, slack=6),
            case(8, (4, 4), (2, 4), size=(5, 6), weights="block"),
            case(8, (4, 4), (2, 4), size=(5, 6), buffer="lut"),
        ]
    )
