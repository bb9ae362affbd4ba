"""binary_conv: folded and wired, every folding at its exact rate, any stride, border and map."""

import numpy as np

from codesign.bench import Case, check_all
from codesign.graph import TensorType
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.hardware.folding import Folding
from codesign.hardware.ops import binary_conv


def case(
    inputs: int,
    outputs: int,
    folding: tuple[int, ...],
    *,
    kernel: tuple[int, int] = (3, 3),
    size: tuple[int, int] = (3, 4),
    stride: int = 1,
    pads: tuple[int, int, int, int] | None = None,
    **built: int | str,
) -> Case:
    """Random weights, two channels of which are each other's opposite; a `folding` that the scheduler may choose.

    It is (outputs, inputs, taps) at once, of one tap without the last.
    """
    rng = np.random.default_rng(inputs * 100 + outputs)
    weight = rng.choice([-1, 1], (outputs, inputs, *kernel))
    weight[-1] = -weight[0]
    around = (kernel[0] // 2, kernel[1] // 2) * 2 if pads is None else pads
    op = BinaryConv(weight, stride=(stride, stride), pads=around)
    kind = TensorType((inputs, *size), -1, 1, step=2)
    allowed = {(f.pe, f.simd, f.taps) for f in binary_conv.foldings(op, (kind,), op.infer(kind))}
    assert (*folding, 1)[:3] in allowed, f"{folding} is not one of {sorted(allowed)}"
    return Case(op, [kind], Folding(*folding, **built))


def test_folded_ones_are_exact():
    shapes = [case(4, 6, (pe, simd)) for pe in (1, 2, 3, 6) for simd in (1, 2, 4)]
    check_all(
        [*shapes, case(3, 5, (2, 3)), case(6, 1, (1, 3)), case(1, 2, (2, 1)), case(8, 3, (1, 8), weights="block")]
    )


def test_several_taps_at_once_are_exact():
    check_all(
        [
            case(4, 6, (6, 4, 9)),
            case(4, 6, (2, 2, 9), size=(5, 6), stride=2),
            case(4, 6, (3, 4, 3), size=(5, 4), pads=(0, 0, 0, 0)),
            case(6, 5, (2, 3, 9), size=(6, 5), pads=(1, 0, 0, 2)),
            case(3, 4, (4, 3, 3), kernel=(1, 3), size=(2, 5)),
            case(8, 17, (1, 8, 9), weights="block"),
        ]
    )


def test_wired_ones_are_exact():
    wired = [case(4, 6, (6, simd), weights="wired") for simd in (1, 2, 4)]
    sizes = [case(4, 6, (6, simd), weights="wired", size=size) for size in ((2, 5), (6, 2), (3, 3)) for simd in (2, 4)]
    check_all([*wired, *sizes, case(3, 5, (5, 3), weights="wired"), case(2, 1, (1, 1), weights="wired", size=(2, 2))])


def test_wired_ones_are_for_frames_that_are_larger_than_their_borders():
    kind = TensorType((2, 1, 3), -1, 1, step=2)
    op = BinaryConv(np.ones((1, 2, 3, 3), np.int8), pads=(1, 1, 1, 1))
    assert not any(folding.wired for folding in binary_conv.foldings(op, (kind,), op.infer(kind)))


def test_windows_keep_their_rate_with_strides_borders_and_pointwise():
    several = [
        {"size": (7, 6), "stride": 2},
        {"size": (5, 5), "pads": (0, 0, 0, 0)},
        {"size": (4, 4), "pads": (1, 0, 0, 2)},
        {"kernel": (1, 1)},
        {"kernel": (1, 1), "size": (5, 4), "stride": 2},
        {"kernel": (1, 3), "size": (2, 5)},
        {"size": (10, 12), "stride": 2, "slack": 6},
    ]
    check_all(
        [case(4, 6, (2, 2), **some) for some in several]
        + [case(4, 6, (6, 2), weights="wired", **some) for some in several]
    )


def test_an_odd_number_of_inputs_and_of_words_is_exact():
    check_all(
        [case(5, 7, (7, 5), weights="wired"), case(5, 7, (3, 5)), case(7, 12, (12, 7), weights="wired", size=(2, 9))]
    )
