"""The optimum group size: what its curve is made of, and the trend on a GPU."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import ScheduleError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.convolution import convolution
from codesign.graph.ops.requant import Requant
from codesign.targets import load_target
from codesign.tuning import gpu_trend
from codesign.tuning.group_size import Curve, Stack, curve

CHANNELS = 8
WEIGHT_BITS = 4
SIZES = (1, 2, 4, 8)


def separable(size: int) -> Graph:
    """A group convolution and a pointwise one."""
    rng = np.random.default_rng(0)
    groups = CHANNELS // size
    spatial = rng.choice([-7, 7], (CHANNELS, size, 3, 3)), rng.integers(-9, 9, CHANNELS)
    pointwise = rng.choice([-7, 7], (CHANNELS, CHANNELS, 1, 1)), rng.integers(-9, 9, CHANNELS)
    nodes = (
        Node("spatial", convolution(*spatial, pads=(1, 1, 1, 1), groups=groups), ("x",)),
        Node("spatial.act", Requant([8], 0, 255, 256.0), ("spatial",)),
        Node("pointwise", convolution(*pointwise), ("spatial.act",)),
    )
    return Graph("separable", {"x": TensorType((CHANNELS, 6, 6), 0, 255)}, nodes, ("pointwise",))


STACK = Stack("separable", separable, ("spatial",))


@pytest.fixture(scope="module")
def found() -> Curve:
    return curve(STACK, SIZES, load_target("pynq-z2"), max_dsp=6)


def test_every_size_has_the_same_budget_and_its_own_multiplications(found: Curve) -> None:
    assert [p.group_size for p in found.points] == list(SIZES)
    assert [p.macs for p in found.points] == [36 * CHANNELS * (9 * size + CHANNELS) for size in SIZES]
    assert all(p.used.dsp <= 6 for p in found.points)


def test_a_slice_multiplies_twice_a_cycle_in_groups_of_more_than_one(found: Curve) -> None:
    rates = {p.group_size: p.layers[0].multipliers / p.layers[0].dsp for p in found.points}
    assert rates[1] == 1
    assert all(rates[size] == 2 for size in SIZES[1:])


def test_multiplications_that_packing_gives_cost_no_cycles(found: Curve) -> None:
    alone, pairs = found.points[:2]
    assert (alone.layers[0].operator, pairs.layers[0].operator) == ("depthwise", "group_conv")
    assert pairs.interval_cycles <= alone.interval_cycles
    assert found.chosen.group_size > 1


def test_weights_are_read_once_for_every_multiplication(found: Curve) -> None:
    """No folding here overhangs its layer."""
    for p in found.points:
        assert p.layers[0].weight_bits == p.layers[0].macs * WEIGHT_BITS
        assert p.layers[0].port_bits == p.layers[0].multipliers * WEIGHT_BITS
        assert p.layers[0].busy == pytest.approx(p.layers[0].macs / p.layers[0].multipliers / p.interval_cycles)


def test_large_groups_take_more_cycles_and_energy_than_their_multiplications_are_worth(found: Curve) -> None:
    small, large = found.points[1], found.points[-1]
    assert large.interval_cycles > small.interval_cycles
    assert large.middle_uj > small.middle_uj
    assert min(SIZES) < found.chosen.group_size < max(SIZES)


def test_the_choice_at_both_ends_of_the_energies_is_told(found: Curve) -> None:
    assert set(found.chosen_range) <= set(SIZES)


def test_a_budget_in_which_nothing_fits_is_refused_with_the_stack_and_the_target() -> None:
    with pytest.raises(ScheduleError, match="no group size fits"):
        curve(STACK, (1, 2), load_target("pynq-z2"), max_dsp=0)


def test_resnext_50_has_the_multiplications_of_its_closed_form() -> None:
    macs = sum(layer.macs(1) for layer in gpu_trend.RESNEXT_50)
    assert round(macs / 1e6, 2) == 24.84
    assert round(gpu_trend.equal_size(gpu_trend.RESNEXT_50, 32), 1) == 9.3


@pytest.mark.parametrize("layers", [gpu_trend.MOBILENET_V1, gpu_trend.RESNEXT_50])
@pytest.mark.parametrize("number", [8, 16, 32, 64])
@pytest.mark.parametrize("batch", [1, 32])
def test_on_a_gpu_constant_size_takes_less_energy_at_equal_multiplications(
    layers: tuple[gpu_trend.Layers, ...], number: int, batch: int
) -> None:
    found = gpu_trend.gain(layers, number, batch)
    sizes = [layer.channels / number for layer in layers]
    fixed = gpu_trend.cost(layers, sizes, batch)
    constant = gpu_trend.cost(layers, [found.group_size] * len(layers), batch)
    assert constant.macs == pytest.approx(fixed.macs)
    assert found.energy > 0


@pytest.mark.parametrize("layers", [gpu_trend.MOBILENET_V1, gpu_trend.RESNEXT_50])
@pytest.mark.parametrize("batch", [1, 32])
def test_on_a_gpu_constant_size_takes_less_time_than_thirty_two_groups(
    layers: tuple[gpu_trend.Layers, ...], batch: int
) -> None:
    assert gpu_trend.gain(layers, 32, batch).time > 0.05


@pytest.mark.parametrize("layers", [gpu_trend.MOBILENET_V1, gpu_trend.RESNEXT_50])
def test_on_a_gpu_the_best_size_lies_where_moving_takes_as_long_as_computing(
    layers: tuple[gpu_trend.Layers, ...],
) -> None:
    """A 3x3 layer whose weights are few does 9 G / 8 multiplications a byte, with a stride of two 9 G / 20."""
    best = max((1, 2, 4, 8, 16, 32, 64), key=lambda size: gpu_trend.merit(layers, size, batch=32))
    balance = gpu_trend.MACS_PER_S / gpu_trend.BYTES_PER_S
    assert balance * 8 / 9 <= best <= balance * 20 / 9
