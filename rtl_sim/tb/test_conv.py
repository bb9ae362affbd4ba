"""conv: dense and pointwise convolution, every folding at its exact rate."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.bench import Case, check_all
from codesign.errors import GraphError
from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.hardware.folding import Folding


def case(
    channels: tuple[int, int],
    size: tuple[int, int] = (3, 4),
    folding: tuple[int, int] = (1, 1),
    kernel: int = 1,
    stride: int = 1,
    pad: int = 0,
    weights: tuple[int, int] = (-7, 7),
    x: tuple[int, int] = (0, 255),
) -> Case:
    rng = np.random.default_rng(sum(channels))
    weight = rng.integers(*weights, (channels[1], channels[0], kernel, kernel), endpoint=True)
    op = Conv(weight, rng.integers(-999, 999, channels[1]), (1.0,), (stride, stride), (pad,) * 4)
    return Case(op, [TensorType((channels[0], *size), *x)], Folding(*folding))


def test_pointwise_convolution_is_exact_with_padded_channels_and_any_folding():
    check_all(
        [
            case((5, 7), folding=(1, 1)),
            case((5, 7), folding=(4, 1)),
            case((5, 7), folding=(3, 2)),
            case((5, 7), folding=(7, 5)),
            case((9, 8), folding=(8, 3), x=(-128, 127)),
            case((4, 6), folding=(6, 1)),
            case((1, 1), size=(1, 1)),
            case((3, 2), size=(1, 1), folding=(2, 1)),
            case((4, 4), size=(5, 5), folding=(4, 4)),
        ]
    )


def test_two_outputs_a_multiplier_are_exact_at_the_ends_of_all_ranges():
    check_all(
        [
            one
            for x in ((0, 255), (-128, 127), (0, 1), (-8, 7))
            for one in (
                case((8, 6), folding=(6, 1), weights=(-7, 7), x=x),
                case((8, 6), folding=(6, 1), weights=(-8, -8), x=x),
                case((8, 6), folding=(6, 1), weights=(7, 7), x=x),
                case((8, 5), folding=(5, 2), weights=(-1, 1), x=x),
                case((8, 3), folding=(3, 1), weights=(-127, 127), x=x),
            )
        ]
    )


def test_outputs_that_do_not_share_a_multiplier_are_the_same():
    packed = case((8, 6), folding=(6, 1))
    check_all([packed, replace(packed, folding=Folding(6, 1, pair=False))])


def test_windows_keep_their_rate_with_strides_borders_and_small_maps():
    check_all(
        [
            case((3, 5), (6, 7), (2, 1), kernel=3, pad=1),
            case((3, 5), (6, 7), (5, 3), kernel=3, pad=1, stride=2),
            case((4, 6), (9, 8), (6, 4), kernel=3, pad=1, stride=4),
            case((2, 4), (1, 1), (2, 1), kernel=3, pad=1),
            case((2, 4), (7, 5), (4, 1), kernel=3),
            case((4, 4), (5, 5), (4, 4), stride=2),
            case((2, 4), (4, 3), (4, 2), kernel=5, pad=2),
            case((1, 4), (6, 6), (4, 1), kernel=3, pad=1, stride=2),
            case((3, 8), (8, 8), (4, 1), kernel=3, pad=1, stride=2, weights=(-127, 127)),
        ]
    )


def test_padding_beyond_the_kernel_is_refused():
    with pytest.raises(GraphError, match="too wide for kernel"):
        case((1, 1), kernel=1, pad=1).streams("conv")
