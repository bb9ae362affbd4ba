"""What blocks are driven with when they are verified by themselves: each operator's frames reach what they claim to."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from codesign.graph import TensorType
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.binary_conv import BinaryConv
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK
from codesign.plugins import load, names
from codesign.verification.vectors import _aimed, _filters
from trust.random_graphs import graphs

MOST = 2000
RNG = np.random.default_rng(5)


def weights(*shape):
    return RNG.integers(-7, 8, shape)


def thresholds(channels, count):
    return np.sort(RNG.integers(-300, 300, (channels, count)), axis=1)


BYTES, SIGNED = TensorType((6, 9, 8), 0, 255), TensorType((6, 9, 8), -100, 127)
SUMS, BITS = TensorType((6, 9, 8), -9000, 7000), TensorType((6, 9, 8), -1, 1, step=2)
BLOCKS = {
    "conv": (Conv(weights(20, 6, 3, 3), weights(20), stride=(2, 2), pads=(1, 1, 1, 1)), (BYTES,)),
    "pointwise": (Conv(weights(20, 6, 1, 1), weights(20)), (SIGNED,)),
    "conv_larger_than_its_map": (Conv(weights(4, 6, 11, 11), weights(4), pads=(5, 5, 5, 5)), (SIGNED,)),
    "depthwise": (Depthwise(weights(6, 1, 3, 3), weights(6), pads=(1, 1, 1, 1)), (SIGNED,)),
    "group_conv": (GroupConv(weights(8, 3, 3, 3), weights(8), pads=(1, 1, 1, 1), groups=2), (SIGNED,)),
    "binary_conv": (BinaryConv(np.where(weights(5, 6, 3, 3) > 0, 1, -1), pads=(1, 1, 1, 1)), (BITS,)),
    "linear": (Linear(weights(10, 6 * 9 * 8), weights(10)), (SIGNED,)),
    "deform": (Deform(weights(6, 1, 3, 3), weights(6)), (SIGNED, TensorType((1, 9, 8), -4, 3))),
    "deform_by_large_steps": (Deform(weights(6, 1, 3, 3), weights(6)), (SIGNED, TensorType((1, 9, 8), 3, 4))),
    "deform_on_a_small_map": (
        Deform(weights(6, 1, 3, 3), weights(6)),
        (TensorType((6, 2, 2), -100, 127), TensorType((1, 2, 2), -4, 3)),
    ),
    "lookup": (Lookup(np.arange(4)[None] ** 2 - 3, -2, 1.0), (TensorType((6, 8, 8), -2, 1),)),
    "requant": (Requant([3, 0, -1, 5, 8, 2], 0, 255, 1.0), (SUMS,)),
    "requant_with_sign": (Requant([4], -128, 127, 1.0), (SUMS,)),
    "rescale": (
        Rescale([77, -40, 3, 0, 900, 5], [2048, -9, 0, 50, -77, 1], [5, 4, 2, 3, 9, 3], -113, 142, 1.0),
        (SUMS,),
    ),
    "threshold": (Threshold(thresholds(6, 15), [1, -1, 1, 1, -1, 1], 0, 1.0), (SUMS,)),
    "bipolar": (Threshold(thresholds(6, 1), [1], -1, 1.0, step=2), (SUMS,)),
    "threshold_of_few_values": (Threshold([[-1, 0, 1]], [1, -1, 1, 1, -1, 1], 0, 1.0), (BITS,)),
    "avgpool": (AvgPool(64), (SIGNED,)),
    "gain_map": (GainMap(np.arange(1, 1 + SIGNED.height), np.arange(1, 1 + SIGNED.width)), (SIGNED,)),
    "add": (Add(), (SIGNED, BYTES)),
    "mul": (Mul(), (SIGNED, BYTES)),
    "mul_by_a_value_a_channel": (Mul(), (SIGNED, TensorType((6, 1, 1), 0, 15))),
    "mul_of_single_pixels": (Mul(), (TensorType((1, 1, 1), -8, 7), TensorType((1, 1, 1), 0, 15))),
    "depth_to_space": (DepthToSpace((2, 1), (1, 0)), (SIGNED,)),
    "peak": (Peak(-5, -100), (SIGNED,)),
    "top_k": (TopK(1), (SIGNED,)),
    "top_k_of_several": (TopK(3), (BITS,)),
    "top_k_of_a_vector": (TopK(2), (TensorType((9, 1, 1), -4, 3),)),
}


def all_frames(op, inputs, most=MOST):
    """(N, C, H, W) of every input."""
    frames = list(
        islice(load("codesign.verification.vectors", op.kind).frames(op, inputs, np.random.default_rng(1)), most)
    )
    return [np.stack(column) for column in zip(*frames, strict=True)]


def test_every_operator_has_vectors():
    assert names("codesign.verification.vectors") == names("codesign.graph.ops")


@pytest.mark.parametrize("case", BLOCKS)
def test_frames_reach_all_that_the_types_allow(case):
    op, inputs = BLOCKS[case]
    shown = all_frames(op, inputs)
    outputs = op.execute(*shown)
    for kind, frames in zip(inputs, shown, strict=True):
        assert kind.holds(frames) and (frames.min(), frames.max()) == (kind.lo, kind.hi)
    for goal in load("codesign.verification.vectors", op.kind).goals(op, inputs):
        seen = goal.seen(shown, outputs)
        assert seen.shape == goal.possible.shape
        assert not (goal.possible & ~seen).any(), goal.what
        assert goal.possible.any()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=graphs())
def test_no_frame_leaves_the_types_of_any_network_and_what_it_shows_was_possible(graph):
    for node in graph.nodes:
        inputs = graph.input_types(node)
        shown = all_frames(node.op, inputs, most=20)
        assert all(kind.holds(frames) for kind, frames in zip(inputs, shown, strict=True))
        outputs = node.op.execute(*shown)
        assert all(kind.holds(frames) for kind, frames in zip(graph.output_types(node), outputs, strict=True))
        for goal in load("codesign.verification.vectors", node.op.kind).goals(node.op, inputs):
            assert not (goal.seen(shown, outputs) & ~goal.possible).any(), (node.name, goal.what)


def test_sums_of_a_dense_convolution_end_where_its_type_does():
    """The width of the accumulators is for these very values: one bit less is too few."""
    op, (x,) = BLOCKS["conv"]
    (sums,) = op.execute(*all_frames(op, (x,)))
    (kind,) = op.infer(x)
    assert (sums.min(), sums.max()) == (kind.lo, kind.hi)


def test_ties_round_to_even_on_both_sides_of_every_even_and_odd_result():
    op, (x,) = BLOCKS["requant_with_sign"]
    (values,) = all_frames(op, (x,))
    ties = np.unique(values[values % 16 == 8] >> 4)
    assert set(range(-128, 127)) <= set(ties.tolist())


def test_every_tie_of_sums_that_stay_within_a_block_is_aimed_at():
    rng = np.random.default_rng(2)
    conv, requant = Conv(weights(24, 6, 3, 3), weights(24)), Requant([5], -30, 63, 1.0)
    (sums,) = conv.infer(BYTES)
    frames = np.stack(list(_aimed.frames(conv, requant, BYTES, sums, rng)))
    assert BYTES.holds(frames)
    made = conv.execute(frames)
    (_, ties) = load("codesign.verification.vectors", "requant").goals(requant, (sums,))
    assert ties.possible.all() and ties.seen(made, ()).all()


def test_an_aim_is_met_wherever_some_weight_is_one_and_else_nearly():
    rng = np.random.default_rng(3)
    weight, kind = rng.integers(-7, 8, (200, 20)), TensorType((20, 1, 1), -100, 155)
    weight[:100, 7] = 1
    targets = rng.integers(-2000, 2000, 200)
    found = _aimed.aimed(weight, targets, kind, rng)
    assert found.min() >= kind.lo and found.max() <= kind.hi
    off = np.abs((weight * found).sum(axis=1) - targets)
    assert not off[:100].any() and off.max() < 7


def test_every_dilation_is_at_every_pixel():
    op, inputs = BLOCKS["deform"]
    _, dilations = all_frames(op, inputs)
    assert all(len(np.unique(dilations[:, 0, y, x])) == 8 for y in range(9) for x in range(8))


def test_pixels_are_black_and_white_in_all_their_channels():
    op, inputs = BLOCKS["pointwise"]
    pixels = all_frames(op, inputs, most=1)[0][0].reshape(6, -1).T.tolist()
    assert [-100] * 6 in pixels and [127] * 6 in pixels


def test_the_greatest_sum_of_a_filter_is_reached_at_a_window_that_has_it():
    """Whatever the strides and pads, which may differ along the axes; no window of any frame has a greater one."""
    x, kernel, stride, pads = TensorType((3, 5, 9), -8, 7), (3, 2), (1, 2), (2, 0, 0, 1)
    weight = weights(4, 3, *kernel)
    conv = Conv(weight, np.zeros(4, np.int64), stride=stride, pads=pads)
    frames = np.stack(list(_filters._at_borders(weight, x, stride, pads, np.random.default_rng(0), 0)))
    (sums,) = conv.execute(frames)
    for output in range(4):
        best = np.where(weight[output] > 0, 7, -8) * weight[output]
        assert sums[2 * output, output].max() == best.sum()  # some window lies wholly within the map
        least = np.where(weight[output] > 0, -8, 7) * weight[output]
        assert sums[2 * output + 1, output].min() == least.sum()


def test_where_no_window_lies_within_the_map_the_best_of_what_does_is_reached():
    x, pads = TensorType((1, 2, 2), 0, 10), (1, 1, 1, 1)
    weight = np.array([[[[0, 0, 0], [0, 1, 2], [0, 3, -4]]]])
    conv = Conv(weight, np.zeros(1, np.int64), pads=pads)
    first, second = (conv.execute(frame[None])[0] for frame in _filters._at_borders(weight, x, (1, 1), pads, RNG, 0))
    assert first.max() == 60 and second.min() == -40
