"""Reuse of binary channels along a spanning tree: the equations, the distance, the depth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import minimum_spanning_tree

from codesign.errors import GraphError, ScheduleError
from codesign.reuse.mst import hamming, reuse_tree
from codesign.reuse.spanning import levels, rerooted, rooted_at_centre, spanning_tree, total
from tests.random_weights import binary_weights


@st.composite
def costs(draw) -> np.ndarray:
    """A symmetric matrix of few different costs, hence with many trees of least cost."""
    size = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    half = np.triu(rng.integers(1, draw(st.integers(2, 9)), (size, size)), 1)
    return half + half.T


def eccentricity(parent: np.ndarray) -> np.ndarray:
    return np.array([levels(rerooted(parent, vertex)).max() for vertex in range(len(parent))])


@given(binary_weights(), st.sampled_from([None, 1, 2]))
@settings(max_examples=80, deadline=None)
def test_popcounts_by_reuse_are_those_of_the_plain_form(weight, max_depth):
    channels, inputs = weight.shape
    tree = reuse_tree(weight, None if channels == 1 else max_depth)
    bits = np.random.default_rng(0).integers(0, 2, (20, inputs))
    plain = (bits[:, None] == (weight > 0)).sum(axis=2)
    assert (tree.popcounts(bits) == plain).all()
    assert tree.total == sum(len(tree.positions(channel)) for channel in range(channels))
    assert all(2 * tree.distance[channel] <= inputs for channel in range(channels) if channel != tree.root)


@given(binary_weights())
@settings(max_examples=50, deadline=None)
def test_the_distance_is_the_least_and_the_root_is_at_the_centre(weight):
    differing = (weight[:, None] != weight[None]).sum(axis=2)
    assert (hamming(weight.astype(np.int8)) == differing).all()
    tree = reuse_tree(weight)
    inputs = weight.shape[1]
    # SciPy takes a zero for no edge.
    least = minimum_spanning_tree(np.minimum(differing, inputs - differing) + 1).sum() - len(weight) + 1
    assert tree.total == inputs + least
    assert tree.depth == eccentricity(tree.parent).min()


def test_half_of_the_weights_differing_is_no_complement():
    tree = reuse_tree([[1, 1, 1, 1], [1, 1, -1, -1]])
    assert tree.total == 6 and not tree.complement.any()


def test_a_complementary_and_an_identical_channel_cost_nothing():
    tree = reuse_tree([[1, -1, 1], [-1, 1, -1], [1, -1, 1]])
    assert tree.total == 3
    assert tree.kept == pytest.approx(1 / 3)
    assert tree.complement.sum() in (1, 2)


@given(costs(), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_a_bounded_tree_keeps_its_bound_and_costs_no_less_than_the_free_one(cost, bound):
    free, bounded = spanning_tree(cost), spanning_tree(cost, bound)
    assert total(free, cost) == pytest.approx(minimum_spanning_tree(cost).sum())
    assert levels(bounded).max() <= bound
    assert (bounded < 0).sum() == 1
    assert total(bounded, cost) >= total(free, cost)
    loose = max(1, int(levels(free).max()))
    assert (spanning_tree(cost, loose) == free).all()


@given(costs())
@settings(max_examples=50, deadline=None)
def test_at_its_centre_a_tree_has_its_least_depth(cost):
    parent = rooted_at_centre(spanning_tree(cost, root=0))
    assert levels(parent).max() == eccentricity(parent).min()


def test_a_star_is_found_where_every_edge_costs_the_same():
    cost = np.ones((20, 20), int) - np.eye(20, dtype=int)
    assert levels(spanning_tree(cost)).max() == 1


def test_depth_is_traded_for_distance():
    weight = np.random.default_rng(3).choice([-1, 1], (48, 96))
    trees = [reuse_tree(weight, depth) for depth in (1, 3, None)]
    assert trees[0].total > trees[1].total > trees[2].total
    assert trees[0].depth == 1 and trees[1].depth <= 3 < trees[2].depth


@pytest.mark.parametrize("weight", [[[1, 0]], [1, -1], np.empty((0, 3)), [[0.5]]])
def test_weights_that_are_not_binary_are_refused(weight):
    with pytest.raises(GraphError, match="binary weights"):
        reuse_tree(weight)


def test_a_depth_that_leaves_out_channels_is_refused():
    with pytest.raises(ScheduleError, match="depth 0"):
        reuse_tree([[1, 1], [1, -1]], 0)
    assert reuse_tree([[1, 1]], 0).depth == 0
