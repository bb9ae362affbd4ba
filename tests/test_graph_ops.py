"""Operators of the integer graph against PyTorch and ONNX Runtime, and the soundness of their ranges."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from torch.nn import functional as F

from codesign.errors import GraphError
from codesign.graph import IntArray, Op, TensorType
from codesign.graph.op import op_class
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.depth_to_space import DepthToSpace
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.interleave import Interleave
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK
from codesign.graph.ops.upsample import Upsample
from codesign.plugins import names

GEOMETRIES = [
    {"stride": (1, 1), "pads": (0, 0, 0, 0)},
    {"stride": (2, 2), "pads": (1, 1, 1, 1)},
    {"stride": (2, 1), "pads": (2, 0, 0, 1)},
]


def draw(rng: np.random.Generator, kind: TensorType, count: int = 2) -> IntArray:
    return rng.integers(kind.lo, kind.hi, (count, *kind.shape), np.int32, endpoint=True)


def torch_conv(x: IntArray, op: Conv | Depthwise | GroupConv, groups: int) -> IntArray:
    """In float64, where every sum here is exact."""
    top, left, bottom, right = op.pads
    padded = F.pad(torch.tensor(x, dtype=torch.float64), (left, right, top, bottom))
    weight, bias = torch.tensor(op.weight, dtype=torch.float64), torch.tensor(op.bias, dtype=torch.float64)
    return F.conv2d(padded, weight, bias, op.stride, groups=groups).numpy().astype(np.int64)


@pytest.mark.parametrize("kind", names("codesign.graph.ops"))
def test_an_operator_cannot_be_changed_and_is_equal_to_none_but_itself(kind: str) -> None:
    found = op_class(kind).__dataclass_params__  # type: ignore[attr-defined]
    assert found.frozen and not found.eq


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 5)])
@pytest.mark.parametrize("size", [(5, 7), (9, 5)])
@pytest.mark.parametrize("channels", [1, 6])
def test_convolutions_equal_torch(kernel: tuple, geometry: dict, size: tuple, channels: int) -> None:
    rng = np.random.default_rng(0)
    kind = TensorType((channels, *size), -128, 255)
    x = draw(rng, kind)
    bias = rng.integers(-999, 999, channels)
    dense = Conv(rng.integers(-128, 128, (channels, channels, *kernel)), bias, **geometry)
    single = Depthwise(rng.integers(-128, 128, (channels, 1, *kernel)), bias, **geometry)
    grouped = GroupConv(
        rng.integers(-128, 128, (4 * channels, max(1, channels // 2), *kernel)),
        rng.integers(-999, 999, 4 * channels),
        groups=min(channels, 2),
        **geometry,
    )
    for op, groups in ((dense, 1), (single, channels), (grouped, grouped.groups)):
        (y,), (inferred,) = op.execute(x), op.infer(kind)
        np.testing.assert_array_equal(y, torch_conv(x, op, groups))
        assert y.dtype == np.int32 and y.shape[1:] == inferred.shape


def test_a_group_convolution_equals_the_dense_one_with_zeros_between_groups() -> None:
    rng = np.random.default_rng(0)
    weight, bias = rng.integers(-8, 8, (6, 2, 3, 3)), rng.integers(-99, 99, 6)
    spread = np.zeros((6, 6, 3, 3), np.int64)
    for group in range(3):
        spread[2 * group : 2 * group + 2, 2 * group : 2 * group + 2] = weight[2 * group : 2 * group + 2]
    kind = TensorType((6, 5, 4), -8, 7)
    grouped, dense = GroupConv(weight, bias, pads=(1,) * 4, groups=3), Conv(spread, bias, pads=(1,) * 4)
    x = draw(rng, kind)
    np.testing.assert_array_equal(grouped.execute(x)[0], dense.execute(x)[0])
    assert grouped.infer(kind) == dense.infer(kind)
    assert 3 * grouped.macs(kind) == dense.macs(kind)


def test_a_convolution_is_exact_next_to_the_limit_of_float32() -> None:
    kind = TensorType((257, 1, 1), 0, 255)
    op = Conv(np.full((1, 257, 16, 16), 1), np.array([-(2**24) + 257 * 256 * 255 + 1]), pads=(15, 15, 0, 0))
    op.infer(kind)
    (y,) = op.execute(np.full((1, 257, 1, 1), 255, np.int32))
    assert y[0, 0, 0, 0] == op.bias[0] + 257 * 255


def test_deform_equals_onnxruntime() -> None:
    rng = np.random.default_rng(0)
    kinds = TensorType((4, 9, 6), -8, 7), TensorType((1, 9, 6), -7, 7)
    op = Deform(rng.integers(-8, 8, (4, 1, 3, 3)), rng.integers(-99, 99, 4))
    x, s = (draw(rng, kind, 3) for kind in kinds)
    (y,) = op.execute(x, s)
    anchor = np.array([[ky, kx] for ky in (-1, 0, 1) for kx in (-1, 0, 1)]).reshape(1, 18, 1, 1)
    feeds = {"x": x, "w": op.weight, "o": anchor * (s - 1), "b": op.bias}
    names = [helper.make_tensor_value_info(n, TensorProto.FLOAT, v.shape) for n, v in feeds.items()]
    node = helper.make_node("DeformConv", list(feeds), ["y"], pads=[1, 1, 1, 1], group=4)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, y.shape)
    model = helper.make_model(
        helper.make_graph([node], "g", names, [out]), opset_imports=[helper.make_opsetid("", 19)], ir_version=9
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (reference,) = session.run(None, {n: v.astype(np.float32) for n, v in feeds.items()})
    np.testing.assert_array_equal(y, reference)


def test_deform_with_a_dilation_of_one_is_a_depthwise_convolution() -> None:
    rng = np.random.default_rng(0)
    kind = TensorType((4, 5, 7), 0, 255)
    weight, bias, x = rng.integers(-8, 8, (4, 1, 3, 3)), rng.integers(-99, 99, 4), draw(rng, kind)
    (deformed,) = Deform(weight, bias).execute(x, np.ones((2, 1, 5, 7), np.int32))
    (ordinary,) = Depthwise(weight, bias, pads=(1, 1, 1, 1)).execute(x)
    np.testing.assert_array_equal(deformed, ordinary)


def test_deform_mirrors_its_kernel_for_a_negative_dilation_and_sums_it_for_zero() -> None:
    rng = np.random.default_rng(0)
    weight, x = rng.integers(-8, 8, (2, 1, 3, 3)), draw(rng, TensorType((2, 5, 5), 0, 15))
    mirrored = Deform(weight[:, :, ::-1, ::-1], np.zeros(2))
    ones = np.ones((2, 1, 5, 5), np.int32)
    np.testing.assert_array_equal(Deform(weight, np.zeros(2)).execute(x, -ones)[0], mirrored.execute(x, ones)[0])
    (summed,) = Deform(weight, np.zeros(2)).execute(x, 0 * ones)
    np.testing.assert_array_equal(summed, x * weight.sum(axis=(1, 2, 3))[:, None, None])


def test_linear_equals_torch() -> None:
    rng = np.random.default_rng(0)
    kind = TensorType((3, 4, 2), -128, 127)
    op, x = Linear(rng.integers(-128, 128, (5, 24)), rng.integers(-999, 999, 5)), draw(rng, kind)
    expected = x.reshape(2, 24).astype(np.int64) @ op.weight.T.astype(np.int64) + op.bias
    (y,) = op.execute(x)
    np.testing.assert_array_equal(y[:, :, 0, 0], expected)
    assert op.infer(kind)[0].shape == y.shape[1:]


@pytest.mark.parametrize(
    ("kernel", "pads"), [((3, 2), (0, 2, 0, 0)), ((3, 2), (0, 0, 0, 2)), ((2, 3), (2, 0, 0, 0)), ((2, 3), (0, 0, 2, 0))]
)
def test_a_maxpool_whose_border_holds_a_whole_window_is_refused(kernel: tuple, pads: tuple) -> None:
    with pytest.raises(GraphError):
        MaxPool(kernel, (1, 1), pads).infer(TensorType((2, 6, 6), 0, 255))
    inside = tuple(min(pad, 1) for pad in pads)
    assert MaxPool(kernel, (1, 1), inside).infer(TensorType((2, 6, 6), 0, 255))


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (2, 3)])
@pytest.mark.parametrize(("kernel", "stride", "pads"), [((2, 2), (2, 2), 0), ((3, 3), (2, 2), 1), ((3, 2), (1, 2), 1)])
def test_maxpool_equals_torch(kernel: tuple, stride: tuple, pads: int, dilation: tuple) -> None:
    x = draw(np.random.default_rng(0), TensorType((3, 7, 8), -128, -1))
    (y,) = MaxPool(kernel, stride, (pads,) * 4, dilation).execute(x)
    expected = F.max_pool2d(torch.tensor(x, dtype=torch.float32), kernel, stride, pads, dilation)
    np.testing.assert_array_equal(y, expected.numpy())


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_upsample_equals_torch(factor: int) -> None:
    x = draw(np.random.default_rng(0), TensorType((2, 3, 4), -9, 9))
    expected = F.interpolate(torch.tensor(x, dtype=torch.float32), scale_factor=factor, mode="nearest")
    np.testing.assert_array_equal(Upsample(factor).execute(x)[0], expected.numpy())


def test_depth_to_space_equals_torch() -> None:
    """PyTorch has the pixels of a block side by side: ONNX' mode CRD, which a shuffle makes of DCR."""
    x = draw(np.random.default_rng(0), TensorType((12, 3, 4), -9, 9))
    expected = F.pixel_shuffle(torch.tensor(x), 2).numpy()
    op = DepthToSpace((2, 2))
    np.testing.assert_array_equal(op.execute(*Shuffle(3).execute(x))[0], expected)
    for crop in ((1, 0), (0, 1), (1, 1)):
        cropped = expected[:, :, : 6 - crop[0], : 8 - crop[1]]
        np.testing.assert_array_equal(DepthToSpace((2, 2), crop).execute(*Shuffle(3).execute(x))[0], cropped)


def test_blocks_of_unlike_sides() -> None:
    x = np.arange(2 * 6 * 2 * 2, dtype=np.int32).reshape(2, 6, 2, 2)
    (y,) = DepthToSpace((3, 2)).execute(x)
    assert y.shape == (2, 1, 6, 4)
    assert all(y[n, 0, 3 * i + r, 2 * j + q] == x[n, 2 * r + q, i, j] for n, i, j, r, q in np.ndindex(2, 2, 2, 3, 2))


def test_moved_channels_keep_their_scales() -> None:
    scales = (1.0, 2.0, 4.0)
    (shuffled,) = Shuffle(3).infer(TensorType((6, 1, 1), 0, 1, tuple(np.repeat(scales, 2).tolist())))
    assert shuffled.scale == scales * 2
    assert DepthToSpace((2, 1)).infer(shuffled)[0].scale == scales


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_shuffle_equals_torch(groups: int) -> None:
    x = draw(np.random.default_rng(0), TensorType((6, 2, 2), -9, 9))
    np.testing.assert_array_equal(Shuffle(groups).execute(x)[0], F.channel_shuffle(torch.tensor(x), groups).numpy())


def test_interleaving_equals_a_shuffled_concatenation() -> None:
    rng = np.random.default_rng(0)
    first, second = (draw(rng, TensorType((5, 2, 3), *bounds)) for bounds in ((-9, 9), (0, 255)))
    expected = Shuffle(2).execute(*Concat().execute(first, second))
    np.testing.assert_array_equal(Interleave().execute(first, second)[0], expected[0])


@pytest.mark.parametrize("divisor", [8, 16])
def test_an_average_equals_torch_where_the_map_has_that_many_pixels(divisor: int) -> None:
    kind = TensorType((3, 2, 4), -128, 255, (0.5,))
    x, op = draw(np.random.default_rng(0), kind), AvgPool(divisor)
    average = F.adaptive_avg_pool2d(torch.tensor(x * 0.5), 1).numpy()
    np.testing.assert_array_equal(op.execute(x)[0] * op.infer(kind)[0].scale[0], average * 8 / divisor)


def test_split_and_concat_are_inverse() -> None:
    kind = TensorType((6, 2, 3), -9, 9)
    x = draw(np.random.default_rng(0), kind)
    parts = Split((1, 3, 2)).execute(x)
    assert [part.shape[1] for part in parts] == [t.channels for t in Split((1, 3, 2)).infer(kind)] == [1, 3, 2]
    np.testing.assert_array_equal(Concat().execute(*parts)[0], x)


def test_peak_keeps_maxima_and_ties_at_or_above_the_threshold() -> None:
    x = np.array([[[[5, 5, 0, 3], [0, 0, 0, 0], [9, 0, 2, 1]]]], np.int32)
    (y,) = Peak(threshold=3, floor=-8).execute(x)
    np.testing.assert_array_equal(y, [[[[5, 5, -8, 3], [-8, -8, -8, -8], [9, -8, -8, -8]]]])


@given(st.lists(st.integers(-(2**23), 2**23), min_size=1, max_size=9), st.integers(-3, 20), st.booleans())
def test_requant_rounds_half_to_even_as_float_does(values: list[int], shift: int, relu: bool) -> None:
    x = np.array(values, np.int32).reshape(1, -1, 1, 1)
    (y,) = Requant([shift], 0 if relu else -128, 127, 2.0**shift).execute(x)
    expected = [max(0 if relu else -128, min(127, round(value / 2**shift))) for value in values]
    assert y.ravel().tolist() == expected


def test_requant_shifts_each_channel_on_its_own() -> None:
    kind = TensorType((3, 1, 1), -100, 100, (1.0, 2.0, 0.5))
    op = Requant([1, 0, 2], -128, 127, 2.0)
    (y,) = op.execute(np.array([5, 5, 6], np.int32).reshape(1, 3, 1, 1))
    assert y.ravel().tolist() == [2, 5, 2]
    assert op.infer(kind)[0] == TensorType((3, 1, 1), -100, 100, (2.0,))


kinds = st.builds(
    lambda shape, a, b: TensorType(shape, min(a, b), max(a, b)),
    st.tuples(st.integers(1, 4), st.integers(3, 5), st.integers(3, 5)),
    st.integers(-128, 127),
    st.integers(-128, 127),
)


@st.composite
def operators(draw_from: st.DrawFn) -> tuple[Op, tuple[TensorType, ...]]:
    """Any operator with one that fits for its input types."""
    kind, seed = draw_from(kinds), draw_from(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    channels = kind.channels
    bias = rng.integers(-500, 500, channels)
    single = rng.integers(-8, 8, (channels, 1, 3, 3))
    dilation = TensorType((1, *kind.shape[1:]), -7, 7)
    lo = int(rng.integers(-200, 100))
    choices: list[tuple[Op, tuple[TensorType, ...]]] = [
        (Conv(rng.integers(-8, 8, (channels, channels, 3, 3)), bias, pads=(1, 0, 1, 2)), (kind,)),
        (GroupConv(np.repeat(single, 2, 0), np.repeat(bias, 2), pads=(1, 0, 1, 2), groups=channels), (kind,)),
        (Depthwise(single, bias, stride=(2, 1), pads=(1, 1, 1, 1)), (kind,)),
        (Deform(single, bias), (kind, dilation)),
        (Linear(rng.integers(-8, 8, (channels, channels * kind.pixels)), bias), (kind,)),
        (Requant(rng.integers(-2, 9, 1), lo, lo + 99, 1.0), (kind,)),
        (MaxPool((3, 3), (2, 2), (1, 1, 1, 1)), (kind,)),
        (Upsample(2), (kind,)),
        (DepthToSpace((1, channels)), (kind,)),
        (Concat(), (kind, kind)),
        (Add(), (kind, TensorType(kind.shape, lo, lo + 99))),
        (Mul(), (kind, TensorType(kind.shape, lo, lo + 99))),
        (Mul(), (kind, TensorType((channels, 1, 1), lo, lo + 99))),
        (Mul(), (kind, TensorType((1, *kind.shape[1:]), lo, lo + 99))),
        (AvgPool(4), (kind,)),
        (GainMap(rng.integers(1, 9, kind.height), rng.integers(1, 9, kind.width), 9), (kind,)),
        (Peak(lo + 1, lo), (kind,)),
        (TopK(channels), (kind,)),
    ]
    op, types = draw_from(st.sampled_from(choices))
    if isinstance(op, Requant):
        op = Requant(op.shift, op.lo, op.hi, 2.0 ** int(op.shift[0]))
    return op, types


@settings(max_examples=200, deadline=None)
@given(operators(), st.integers(0, 2**31))
def test_results_stay_within_the_inferred_shape_and_range(case: tuple, seed: int) -> None:
    op, types = case
    rng = np.random.default_rng(seed)
    ends = [
        [np.full((1, *t.shape), end, np.int32) for t, end in zip(types, bounds, strict=True)]
        for bounds in ([t.lo for t in types], [t.hi for t in types])
    ]
    for arrays in ([draw(rng, t) for t in types], *ends):
        for result, inferred in zip(op.execute(*arrays), op.infer(*types), strict=True):
            assert result.shape[1:] == inferred.shape
            assert inferred.lo <= result.min() and result.max() <= inferred.hi


def test_of_equal_channels_the_lower_index_comes_first() -> None:
    x = np.array([3, 7, -2, 7, 3], np.int32).reshape(1, 5, 1, 1)
    assert TopK().execute(x)[0].reshape(-1).tolist() == [1]
    assert TopK(5).execute(x)[0].reshape(-1).tolist() == [1, 3, 0, 4, 2]
    lowest = np.full((1, 3, 1, 2), -(2**31), np.int32)
    assert TopK(2).execute(lowest)[0].tolist() == [[[[0, 0]], [[1, 1]]]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 255), st.integers(-128, 0))
def test_the_accumulators_range_is_reached(seed: int, hi: int, lo: int) -> None:
    """The worst input of the worst channel gives exactly the bounds, so no accumulator is wider than it must be."""
    rng = np.random.default_rng(seed)
    weight, bias = rng.integers(-8, 8, (3, 4, 3, 3)), rng.integers(-500, 500, 3)
    (inferred,) = Conv(weight, bias).infer(TensorType((4, 3, 3), lo, hi))
    largest = [Conv(weight, bias).execute(np.where(w > 0, hi, lo)[None].astype(np.int32))[0].max() for w in weight]
    smallest = [Conv(weight, bias).execute(np.where(w > 0, lo, hi)[None].astype(np.int32))[0].min() for w in weight]
    assert (min(smallest), max(largest)) == (inferred.lo, inferred.hi)


ZEROS = np.zeros(2)
X = TensorType((2, 4, 4), -8, 7)
REFUSED = [
    (lambda: Conv(np.ones((2, 2, 9, 9)), ZEROS).infer(X), "larger than the padded input"),
    (lambda: Conv(np.ones((2, 3, 1, 1)), ZEROS).infer(X), "weights for 3 input channels, input has 2"),
    (lambda: Conv(np.ones((4, 2, 1, 1)), np.zeros(3)).infer(X), "3 biases for 4 output channels"),
    (lambda: Conv(np.ones((2, 2, 1, 1)), ZEROS, (1.0,) * 3).infer(X), "3 weight scales for 2 output channels"),
    (lambda: Conv(np.ones((2, 2, 1, 1)), ZEROS, stride=(0, 1)).infer(X), "out of range"),
    (lambda: Conv(np.ones((2, 2)), ZEROS), "convolution weights are"),
    (
        lambda: Conv(np.full((1, 2, 1, 1), 2**28), np.zeros(1)).infer(X),
        r"accumulate up to \d+, beyond what 32 bits hold",
    ),
    (lambda: Conv(np.ones((2, 2, 1, 1)), ZEROS).infer(X, X), r"takes 1 input\(s\), got 2"),
    (lambda: Depthwise(np.ones((3, 1, 1, 1)), np.zeros(3)).infer(X), "weights for 3 channels, input has 2"),
    (lambda: Depthwise(np.ones((2, 2, 1, 1)), ZEROS), "depthwise weights are"),
    (lambda: GroupConv(np.ones((3, 1, 1, 1)), np.zeros(3), groups=2), "3 output channels cannot be parted in 2"),
    (lambda: GroupConv(np.ones((2, 1, 1, 1)), ZEROS, groups=0), "cannot be parted in 0 groups"),
    (lambda: GroupConv(np.ones((2, 2, 1, 1)), ZEROS, groups=2).infer(X), "2 groups of 2 input channels, input has 2"),
    (lambda: Deform(np.ones((2, 1, 5, 5)), ZEROS), "square deformable weights are"),
    (lambda: Deform(np.ones((2, 1, 3, 3)), ZEROS).infer(X, X), "the dilation must be"),
    (lambda: Linear(np.ones((2, 31)), ZEROS).infer(X), "weights for 31 inputs, input has 32"),
    (lambda: Requant([1, 1, 1], 0, 1, 2.0).infer(X), "3 shifts for 2 channels"),
    (lambda: Requant([1], 0, 1, 3.0).infer(X), "does not lead from the input's scale"),
    (lambda: MaxPool((2, 2), (1, 1), (2, 0, 0, 0)).infer(X), "are not smaller than kernel"),
    (
        lambda: MaxPool((2, 1), (1, 1), (1, 0, 1, 0), (2, 1)).infer(TensorType((1, 1, 3), 0, 1)),
        "windows without a pixel",
    ),
    (lambda: MaxPool((2, 2), (1, 1), dilation=(0, 1)), r"dilation \(0, 1\) out of range"),
    (lambda: Upsample(0), "not a positive integer"),
    (lambda: DepthToSpace((0, 2)), "are none"),
    (lambda: DepthToSpace((2, 2), (0, 2)), "cannot be left out of blocks"),
    (lambda: DepthToSpace((3, 1)).infer(X), "cannot make blocks of .3, 1. pixels of 2 channels"),
    (lambda: DepthToSpace((1, 2)).infer(TensorType((2, 1, 1), 0, 1, (1.0, 2.0))), "have different scales"),
    (lambda: Concat().infer(X), "at least two inputs"),
    (lambda: Concat().infer(X, TensorType((2, 3, 4), 0, 1)), "differ in size"),
    (lambda: Concat().infer(X, TensorType((2, 4, 4), 0, 1, (2.0,))), "different scales"),
    (lambda: Add().infer(X), r"takes 2 input\(s\), got 1"),
    (lambda: Add().infer(X, TensorType((2, 1, 4), 0, 1)), "differ in shape"),
    (lambda: Add().infer(X, TensorType((2, 4, 4), 0, 1, (2.0,))), "different scales"),
    (lambda: Add().infer(X, TensorType((2, 4, 4), 0, 2**31 - 1)), "the sum may exceed 32 bits"),
    (lambda: Mul().infer(X), r"takes 2 input\(s\), got 1"),
    (lambda: Mul().infer(X, TensorType((2, 1, 4), 0, 1)), "neither that shape nor one pixel nor one channel"),
    (lambda: Mul().infer(TensorType((1, 4, 4), 0, 1), X), "neither that shape nor one pixel nor one channel"),
    (lambda: Mul().infer(X, TensorType((2, 4, 4), 0, 1 << 16)), "integers of 4 and 17 bits, 16 are supported"),
    (lambda: Mul().infer(*[TensorType((1, 1, 1), 0, 65535)] * 2), "the product may exceed 32 bits"),
    (lambda: AvgPool(0), "cannot be divided by 0"),
    (lambda: AvgPool(16).infer(TensorType((1, 4, 4), 0, 2**27)), "the sum of 16 pixels may exceed"),
    (lambda: AvgPool(1).infer(TensorType((1, 1, 1), 0, 2**31 - 1)), "the sum of 1 pixels may exceed"),
    (lambda: GainMap([1, 2], [1]).infer(X), "gains of 2x1 places do not fit"),
    (lambda: GainMap([1, 0], [1]), "gains are from 1 to 65535"),
    (lambda: GainMap([1, 256], [256]), "gains are from 1 to 65535"),
    (lambda: GainMap([[1]], [1]), r"gains are \(H,\) and \(W,\)"),
    (lambda: GainMap([1], [1], 0), "cannot be divided by 0"),
    (lambda: GainMap([1], [1]).infer(TensorType((1, 1, 1), 0, 1 << 24)), "sums of 25 bits, 24 are supported"),
    (lambda: GainMap([99], [99]).infer(TensorType((1, 1, 1), 0, 1 << 20)), "may exceed 32 bits"),
    (lambda: Interleave().infer(X, TensorType((3, 4, 4), 0, 1)), "cannot interleave 2 with 3 channels"),
    (lambda: Split((1, 2)).infer(X), "cannot split 2 channels"),
    (lambda: Shuffle(3).infer(X), "cannot shuffle 2 channels in 3 groups"),
    (lambda: Peak(3, 3), "not below the threshold"),
    (lambda: TopK(0), "the 0 largest of a pixel are not 1 to 64"),
    (lambda: TopK(3).infer(X), "there are no 3 largest of 2 channels"),
    (lambda: TopK().infer(TensorType((2, 1, 1), 0, 1, (1.0, 2.0))), "channels of different scales cannot be compared"),
    (lambda: op_class("softmax"), "there is no operator 'softmax'"),
    (lambda: TensorType((2, 4), 0, 1), "is not"),
    (lambda: TensorType((2, 4, 4), 1, 0), "empty integer range"),
    (lambda: TensorType((2, 4, 4), 0, 1, (1.0,) * 3), "3 scales for 2 channels"),
]


@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_what_does_not_fit_is_refused_with_a_reason(build: object, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        build()


BIPOLAR = TensorType((3, 4, 5), -1, 1, step=2)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("sign", [[1], [-1], [1, -1, 1]])
def test_a_threshold_counts_what_is_reached(rows: int, sign: list[int]) -> None:
    rng = np.random.default_rng(0)
    kind = TensorType((3, 6, 6), -40, 50)
    op = Threshold(np.sort(rng.integers(-60, 60, (rows, 9)), axis=1), sign, -5, 0.3, 2)
    x = draw(rng, kind)
    (y,), (inferred,) = op.execute(x), op.infer(kind)
    signed = (x * np.reshape(sign, (-1, 1, 1)))[:, :, None]
    np.testing.assert_array_equal(y, -5 + 2 * (signed >= op.thresholds[:, :, None, None]).sum(axis=2))
    assert inferred == TensorType((3, 6, 6), -5, 13, (0.3,), 2) and inferred.holds(y)


@pytest.mark.parametrize(
    ("thresholds", "sign", "message"),
    [
        ([[3, 2]], [1], "not ascending"),
        ([[]], [1], "K from 1 to 255"),
        ([[0] * 256], [1], "K from 1 to 255"),
        ([[0]], [0], "signs are"),
        ([[0], [1]], [1], "thresholds of 2 channels, input has 3"),
        ([[0]], [1, -1], "signs of 2 channels, input has 3"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(thresholds: list, sign: list, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        Threshold(np.array(thresholds, np.int64), sign, 0, 1.0).infer(TensorType((3, 4, 4), 0, 9))


def test_a_bipolar_tensor_takes_one_bit_and_no_zero() -> None:
    assert (BIPOLAR.bits, BIPOLAR.signed, BIPOLAR.levels, BIPOLAR.plain.bits) == (1, False, 2, 2)
    assert BIPOLAR.holds(np.array([-1, 1])) and not BIPOLAR.holds(np.array([0]))
    with pytest.raises(GraphError, match="no number of steps of 2"):
        TensorType((1, 1, 1), -1, 0, step=2)


@pytest.mark.parametrize(
    "op",
    [MaxPool((2, 2), (1, 1)), Upsample(2), DepthToSpace((1, 3)), Shuffle(3), Split((1, 2)), Concat(), Interleave()],
    ids=lambda op: op.kind,
)
def test_what_moves_or_selects_integers_keeps_their_step(op: Op) -> None:
    inputs = (BIPOLAR, BIPOLAR) if isinstance(op, Concat | Interleave) else (BIPOLAR,)
    assert {(y.lo, y.hi, y.step) for y in op.infer(*inputs)} == {(-1, 1, 2)}


@pytest.mark.parametrize("op", [Requant([0], -1, 1, 1.0), Peak(1, -1)], ids=lambda op: op.kind)
def test_what_has_no_hardware_for_steps_refuses_them(op: Op) -> None:
    with pytest.raises(GraphError, match="takes no integers in steps of 2"):
        op.infer(BIPOLAR)


def test_tensors_of_different_steps_are_not_concatenated() -> None:
    with pytest.raises(GraphError, match="different steps"):
        Concat().infer(BIPOLAR, BIPOLAR.plain)
