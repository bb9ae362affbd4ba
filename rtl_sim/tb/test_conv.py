"""conv: dense and pointwise convolution, every folding at its exact rate."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.bench import Case, check_all
from codesign.errors import GraphError
from codesign.graph import TensorType
from codesign.graph.ops.conv import Conv
from codesign.hardware.folding import Folding
from codesign.hardware.ops import conv


def case(
    channels: tuple[int, int],
    size: tuple[int, int] = (3, 4),
    folding: tuple[int, int] = (1, 1),
    kernel: int = 1,
    stride: int = 1,
    pad: int = 0,
    weights: tuple[int, int] = (-7, 7),
    x: tuple[int, int] = (0, 255),
    **built: int | str,
) -> Case:
    rng = np.random.default_rng(sum(channels))
    weight = rng.integers(*weights, (channels[1], channels[0], kernel, kernel), endpoint=True)
    op = Conv(weight, rng.integers(-999, 999, channels[1]), (1.0,), (stride, stride), (pad,) * 4)
    return Case(op, [TensorType((channels[0], *size), *x)], Folding(*folding, **built))


def several(
    channels: tuple[int, int],
    size: tuple[int, int],
    folding: tuple[int, int, int],
    kernel: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (1, 1, 1, 1),
    x: tuple[int, int] = (0, 255),
    **built: int | str,
) -> Case:
    """Windows of which `folding` (outputs, inputs, taps) takes several taps at once, as the scheduler may choose it."""
    rng = np.random.default_rng(sum(channels))
    weight = rng.integers(-8, 7, (channels[1], channels[0], *kernel), endpoint=True)
    op = Conv(weight, rng.integers(-999, 999, channels[1]), (1.0,), stride, pads)
    kind = TensorType((channels[0], *size), *x)
    assert folding in {(f.pe, f.simd, f.taps) for f in conv.foldings(op, (kind,), op.infer(kind))}
    return Case(op, [kind], Folding(*folding, **built))


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


def test_a_column_of_a_window_or_all_of_it_at_once_is_exact_at_its_rate():
    check_all(
        [
            several((3, 4), (6, 7), (4, 3, 9)),
            several((3, 4), (6, 7), (2, 3, 9)),
            several((3, 5), (6, 7), (5, 2, 9), x=(-128, 127)),
            several((4, 6), (5, 8), (3, 1, 9)),
            several((3, 4), (6, 7), (4, 3, 3)),
            several((4, 4), (6, 7), (2, 2, 3), x=(-8, 7)),
            several((3, 4), (6, 7), (1, 3, 3)),
        ]
    )


def test_windows_of_several_taps_keep_their_rate_with_strides_borders_and_small_maps():
    check_all(
        [
            several((2, 4), (9, 8), (4, 2, 9), stride=(2, 2)),
            several((2, 4), (9, 8), (2, 1, 9), stride=(2, 2)),
            several((2, 4), (9, 8), (1, 2, 3), stride=(2, 2)),
            several((3, 4), (8, 9), (4, 3, 9), stride=(2, 1), pads=(0, 0, 0, 0)),
            several((3, 4), (8, 9), (1, 3, 9), pads=(0, 0, 0, 0)),
            several((3, 4), (8, 9), (2, 2, 9), pads=(0, 0, 0, 0)),
            several((2, 4), (9, 7), (4, 2, 9), stride=(4, 3)),
            several((2, 3), (7, 8), (3, 2, 25), kernel=(5, 5), pads=(2, 2, 2, 2)),
            several((2, 3), (7, 8), (1, 1, 25), kernel=(5, 5), pads=(2, 2, 2, 2)),
            several((2, 3), (7, 8), (1, 2, 25), kernel=(5, 5), pads=(0, 0, 0, 0)),
            several((2, 3), (7, 8), (3, 1, 5), kernel=(5, 5), pads=(1, 3, 3, 0)),
            several((3, 2), (5, 6), (2, 3, 3), kernel=(1, 3), pads=(0, 1, 0, 1)),
            several((3, 2), (5, 6), (2, 2, 3), kernel=(3, 1), pads=(1, 0, 1, 0)),
            several((4, 4), (6, 6), (4, 4, 4), kernel=(2, 2), stride=(2, 2), pads=(0, 0, 0, 0)),
            several((4, 4), (6, 6), (4, 2, 4), kernel=(2, 2), pads=(1, 0, 0, 1)),
            several((2, 2), (1, 1), (2, 2, 9)),
            several((2, 2), (1, 1), (1, 1, 3)),
            several((3, 2), (5, 1), (2, 3, 9)),
            several((3, 2), (5, 1), (2, 3, 25), kernel=(5, 5), pads=(2, 2, 2, 2)),
            several((3, 2), (1, 6), (2, 1, 9)),
            several((3, 2), (3, 2), (2, 2, 9), pads=(0, 0, 2, 2)),
        ]
    )


def test_several_taps_from_block_ram_or_luts_by_dsp_slices_or_luts_are_the_same():
    check_all(
        [
            several((3, 4), (5, 6), (4, 3, 9), buffer="block"),
            several((3, 4), (6, 5), (2, 2, 9), buffer="block", stride=(2, 2)),
            several((8, 17), (4, 4), (1, 4, 9), weights="block"),
            several((3, 4), (5, 6), (4, 3, 9), products="lut"),
        ]
    )


def test_padding_beyond_the_kernel_is_refused():
    with pytest.raises(GraphError, match="too wide for kernel"):
        case((1, 1), kernel=1, pad=1).streams("conv")
