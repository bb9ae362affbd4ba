"""Adder graphs of binary matrices: exact for all weights and ways of slicing, no deeper than asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import GraphError, ScheduleError
from codesign.reuse.adder_graph import Add, AdderGraph, Bit, Count, Join, Output, Step
from codesign.reuse.popcount import Builder, columns_of
from codesign.reuse.sharing import Plan, build, offset, prices, shared_graph, step_sizes
from codesign.reuse.slices import even_slices, exchanged, total_cost
from tests.random_weights import binary_weights


def half_products(weight: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """(y - e) / 2 for y = sum of w x."""
    return ((2 * bits - 1) @ weight.T - weight.shape[1] % 2) // 2


@given(binary_weights(), st.integers(1, 6), st.sampled_from([None, 1, 2]), st.integers(0, 2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_however_it_is_sliced_a_graph_is_exact(weight, count, tree_depth, centres, flat):
    inputs = weight.shape[1]
    slices = even_slices(inputs, max(1, min(count, inputs // 2)))
    graph = build(weight.astype(np.int8), Plan(slices, tree_depth if len(weight) > 1 else None, centres, flat))
    bits = np.random.default_rng(1).integers(0, 2, (60, inputs))
    bits[0], bits[1] = 0, 1
    bits[2], bits[3] = weight[0] > 0, weight[0] < 0
    assert (graph.evaluate(bits) == half_products(weight, bits)).all()
    counts = (bits[:, None] == (weight > 0)).sum(axis=2)
    assert (graph.evaluate(bits) + offset(inputs) == counts).all()


def test_a_graph_is_exact_for_every_input_of_ten_bits():
    weight = np.random.default_rng(5).choice([-1, 1], (24, 10))
    bits = np.arange(1024)[:, None] >> np.arange(10) & 1
    assert (shared_graph(weight, trials=10).evaluate(bits) == half_products(weight, bits)).all()


def test_no_table_has_more_than_six_inputs():
    graph = shared_graph(np.random.default_rng(5).choice([-1, 1], (12, 60)), trials=0)
    for node in graph.nodes:
        match node:
            case Count(terms):
                assert 2 <= len(terms) <= 6
            case Step(_, terms):
                assert len(terms) <= 5
            case Add():
                assert node.first != node.second


def test_a_bound_on_the_depth_is_kept_and_paid_for():
    weight = np.random.default_rng(6).choice([-1, 1], (16, 40))
    free, shallow = shared_graph(weight, trials=0), shared_graph(weight, 6, trials=0)
    assert shallow.depth <= 6 < free.depth
    assert shallow.lut > free.lut


def test_a_depth_that_cannot_be_is_refused():
    with pytest.raises(ScheduleError, match="depth 2"):
        shared_graph(np.random.default_rng(6).choice([-1, 1], (8, 64)), 2)


def test_other_weights_than_binary_are_refused():
    with pytest.raises(GraphError, match=r"weight \(0, 1\) is 2"):
        shared_graph([[1, 2]])


def test_equal_and_opposite_channels_cost_next_to_nothing():
    weight = np.random.default_rng(7).choice([-1, 1], (4, 40))
    alone = shared_graph(weight, trials=10)
    assert shared_graph(np.concatenate([weight, weight]), trials=10).lut == alone.lut


def test_channels_near_a_common_pattern_take_little_more_than_a_word_each():
    rng = np.random.default_rng(8)
    near = rng.choice([-1, 1], (1, 64)) * np.where(rng.random((64, 64)) < 0.04, -1, 1)
    assert shared_graph(near, trials=0).lut < 64 * 7 + 64


@pytest.mark.parametrize("flat", [False, True])
def test_steps_take_all_differing_bits(flat):
    for differing in range(1, 200):
        sizes = step_sizes(differing, flat)
        assert sum(sizes) == differing and min(sizes) > 0
        assert max(sizes) <= (32 if flat else 9)
    assert len(step_sizes(31, True)) == 1 < len(step_sizes(31, False))


@given(st.integers(1, 31))
@settings(max_examples=31, deadline=None)
def test_any_number_of_bits_is_gathered_in_five(number):
    builder = Builder(number)
    terms = builder.gather([Bit(index) for index in range(number)])
    assert len(terms) <= 5
    base = builder.add(Join((Bit(0),)))
    outputs = (Output(builder.step(base, terms, 0, None, 8), Bit(0)),)
    graph = AdderGraph(number, tuple(builder.nodes), outputs).pruned()
    bits = np.random.default_rng(0).integers(0, 2, (50, number))
    assert (graph.evaluate(bits)[:, 0] >> 1 == bits[:, 0] + bits.sum(axis=1)).all()


@given(st.integers(1, 70), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_counters_add_up_any_number_of_bits(number, alone):
    builder = Builder(number)
    columns = columns_of(Bit(index) for index in range(number))
    builder.reduce(columns, 3, alone)
    assert all(len(columns.get(power, [])) == 1 for power in range(alone) if power == 0)
    assert sum(len(bits) - 1 for power, bits in columns.items() if power >= alone) <= 3


def test_exchanging_inputs_between_slices_never_costs_more():
    weight = np.random.default_rng(9).choice([-1, 1], (24, 48)).astype(np.int8)
    before = even_slices(48, 2)
    after = exchanged(weight, before, prices, 60)
    assert sorted(sum(after, ())) == list(range(48))
    assert total_cost(weight, after, prices) < total_cost(weight, before, prices)
