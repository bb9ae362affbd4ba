"""Reading QONNX: what is understood, what is folded, what is refused and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from codesign.errors import GraphError
from codesign.frontend.qonnx import import_qonnx
from codesign.frontend.run import run_qonnx
from codesign.frontend.values import Activation, Step, integers
from codesign.graph import execute
from tests.designs import designed
from tests.onnx_nets import ANCHOR, QonnxNet, assert_executors_agree, random_images

RNG = np.random.default_rng(1)


def weights(*shape: int) -> np.ndarray:
    return RNG.integers(-7, 8, shape)


def started(*shape: int | str) -> tuple[QonnxNet, str]:
    net = QonnxNet(1, *shape)
    return net, net.quant("image", 1 / 16)


def finished(net: QonnxNet, x: str, scale: float = 1.0) -> onnx.ModelProto:
    return net.model(net.quant(x, scale, 8, signed=1))


def dense(**attributes: object) -> onnx.ModelProto:
    net, x = started(3, 9, 7)
    return finished(net, net.op("Relu", net.conv(x, weights(4, 3, 3, 3), 0.5, np.arange(4) / 32, **attributes)))


def depthwise() -> onnx.ModelProto:
    net, x = started(5, 8, 8)
    return finished(net, net.conv(x, weights(5, 1, 3, 3), group=5, strides=[2, 2], pads=[1, 1, 1, 1]))


def grouped() -> onnx.ModelProto:
    """More outputs than inputs, fewer, and several for each channel."""
    rng = np.random.default_rng(2)
    net, x = started(6, 5, 7)
    several, single, multiple = (rng.integers(-7, 8, shape) for shape in ((8, 3, 3, 3), (4, 2, 1, 1), (12, 1, 3, 3)))
    y = net.quant(net.conv(x, several, 0.5, np.arange(8) / 32, group=2, strides=[2, 1]), 1 / 16)
    y = net.quant(net.conv(y, single, group=4), 1.0)
    return finished(net, net.conv(y, multiple, group=4, pads=[1, 1, 1, 1]))


def per_channel_scales() -> onnx.ModelProto:
    net, x = started(3, 5, 5)
    return finished(net, net.conv(x, weights(4, 3, 1, 1), np.array([1, 2, 0.5, 0.25]).reshape(4, 1, 1, 1)))


def affine() -> onnx.ModelProto:
    """A batch norm with powers of two, and a Sub, Div and Add: all become weights' scale and bias."""
    net, x = started(3, 5, 5)
    y = net.conv(x, weights(4, 3, 3, 3), 0.5)
    terms = [[2, 0.5, 1, 4], [0.25, -2, 0, 1], [1, 0, 0.5, 2], [0.75] * 4]
    y = net.op("BatchNormalization", y, *(net.const(t) for t in terms), epsilon=0.25)
    y = net.op("Div", net.op("Sub", y, net.const(3.0)), net.const(0.5))
    return finished(net, net.op("Relu", net.op("Add", net.const(np.ones((1, 4, 1, 1))), y)), 0.5)


def residual() -> onnx.ModelProto:
    """A branch of another quantizer's sign, added at one scale; then a ReLU."""
    net, x = started(3, 5, 5)
    y = net.quant(net.conv(x, weights(3, 3, 3, 3), 0.5, pads=[1] * 4), 1 / 16, 8, signed=1)
    return finished(net, net.op("Relu", net.op("Add", x, y)), 1 / 8)


def averages() -> onnx.ModelProto:
    """Every way to write an average over the map, and a sum divided by the next power of two."""
    net, x = started(3, 4, 2)
    axes = net.const([2, 3], np.int64)
    means = [
        net.op("GlobalAveragePool", x),
        net.op("AveragePool", x, kernel_shape=[4, 2]),
        net.op("ReduceMean", x, axes),
        net.op("Mul", net.op("ReduceSum", x, axes), net.const(1 / 16)),
        net.op("ReduceSum", x, axes),
    ]
    flat = net.op("Gemm", net.quant(net.op("ReduceMean", x, axes, keepdims=0), 1 / 32), net.weight(weights(3, 5)))
    return net.model(*(net.quant(mean, 1 / 32) for mean in means), net.quant(flat, 1 / 8, signed=1))


def averages_at_the_border() -> onnx.ModelProto:
    """Windows of fewer pixels there, by two quantizers, and what ceil_mode adds to those that count their padding."""
    net, x = started(3, 6, 7)
    means = [
        net.op("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4),
        net.op("AveragePool", x, kernel_shape=[2, 3], strides=[2, 3], ceil_mode=1),
        net.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4, ceil_mode=1, count_include_pad=1),
        net.op("AveragePool", x, kernel_shape=[2, 3], pads=[1, 2, 1, 2], dilations=[2, 2]),
        net.op("AveragePool", x, kernel_shape=[9, 9], strides=[9, 9], pads=[2, 1, 2, 1]),
        net.op("AveragePool", x, kernel_shape=[2, 2], strides=[7, 7], pads=[1, 1, 0, 0]),
    ]
    return net.model(*(net.quant(mean, scale) for mean in means for scale in (1 / 32, 0.0731)))


def whole_map() -> onnx.ModelProto:
    """A kernel as large as its map."""
    net, x = started(3, 4, 5)
    return finished(net, net.conv(x, weights(6, 3, 4, 5), 0.5, np.arange(6) / 32))


def clipped() -> onnx.ModelProto:
    """ReLU6 before a quantizer is a narrower range."""
    net, x = started(2, 4, 4)
    y = net.op("Clip", net.conv(x, weights(3, 2, 1, 1)), net.const(0.0), net.const(6.0))
    return net.model(net.quant(y, 0.25, 6))


def disjoint_clips(*bounds: tuple[float, float]) -> onnx.ModelProto:
    """Clips after each other; where they have nothing in common, the last one's nearer bound is left."""
    net, x = started(2, 4, 4)
    y = net.conv(x, weights(3, 2, 1, 1))
    for lo, hi in bounds:
        y = net.op("Clip", y, net.const(lo), net.const(hi))
    return net.model(net.quant(y, 0.25, 8, signed=1))


def bounded_dilation() -> onnx.ModelProto:
    """A dilation clipped after its quantizer, to a bound that no bit width has."""
    net, x = started(4, 6, 9)
    s = net.quant(net.conv(x, np.array([-7, 7, -3, 5]).reshape(1, 4, 1, 1), 0.25), 1.0, 4, signed=1, narrow=1)
    s = net.op("Clip", s, net.const(-5.0), net.const(5.0))
    return finished(net, net.deform(x, s, weights(4, 1, 3, 3)))


def max_pools() -> onnx.ModelProto:
    net, x = started(2, 9, 9)
    y = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    apart = net.op("MaxPool", x, kernel_shape=[3, 2], strides=[2, 1], pads=[2, 0, 2, 1], dilations=[2, 3])
    return net.model(net.op("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER"), apart)


def channels(seam: int = 4, groups: int = 3) -> onnx.ModelProto:
    """Slices become a split; concat and shuffle follow."""
    net, x = started(6, 3, 3)
    parts = [
        net.op("Slice", x, *(net.const(v, np.int64) for v in ([start], [stop], [1])))
        for start, stop in ((seam, 2**62), (0, seam))
    ]
    y = net.op("Concat", *parts, axis=1)
    y = net.op("Reshape", y, net.const([1, groups, 6 // groups, 3, 3], np.int64))
    y = net.op("Transpose", y, perm=[0, 2, 1, 3, 4])
    return net.model(net.op("Reshape", y, net.const([1, 6, 3, 3], np.int64)))


def resized() -> onnx.ModelProto:
    net, x = started(2, 3, 4)
    scales = net.const([1, 1, 3, 3])
    return net.model(net.op("Resize", x, net.const([]), scales, mode="nearest"))


def deformable() -> onnx.ModelProto:
    net, x = started(4, 6, 9)
    s = net.quant(net.conv(x, weights(1, 4, 1, 1), 0.25), 1.0, 4, signed=1, narrow=1)
    return finished(net, net.deform(x, s, weights(4, 1, 3, 3)))


def peaks(compare: str = "GreaterOrEqual") -> onnx.ModelProto:
    net, x = started(3, 7, 7)
    heat = net.quant(net.conv(x, weights(2, 3, 1, 1), 0.5), 0.5, 8, signed=1)
    return net.model(net.peak(heat, 5.2, -64.0, compare))


def fully_connected() -> onnx.ModelProto:
    """Gemm with and without transposed weights, and MatMul with its bias added afterwards."""
    net, x = started(3, 2, 2)
    x = net.op("Flatten", x)
    y = net.op("Gemm", x, net.weight(weights(12, 6)), net.const(np.arange(6) / 16))
    y = net.quant(net.op("Relu", y), 1.0)
    y = net.quant(net.op("Gemm", y, net.weight(weights(5, 6)), transB=1), 4.0, signed=1)
    transposed = net.op("Transpose", net.weight(weights(7, 5), 0.5), perm=[1, 0])
    return finished(net, net.op("Add", net.op("MatMul", y, transposed), net.const(2 * np.arange(7.0))), 8.0)


def vector_input() -> onnx.ModelProto:
    net, x = started(6)
    return finished(net, net.op("Gemm", x, net.weight(weights(6, 4))))


def wide_activations() -> onnx.ModelProto:
    """12 and 16 bits, signed and not."""
    net, x = started(3, 4, 4)
    y = net.quant(net.conv(x, weights(4, 3, 3, 3)), 1 / 16, 12, signed=1)
    return net.model(net.quant(net.op("Relu", net.conv(y, weights(2, 4, 1, 1))), 1 / 16, 16))


def full_weights() -> onnx.ModelProto:
    """All 8 bits of the weights in use, which 8-bit arithmetic with 16-bit sums would saturate."""
    net, x = started(16, 4, 4)
    return finished(net, net.conv(x, np.full((4, 16, 3, 3), 127)), 2.0**10)


MODELS: list[Callable[[], onnx.ModelProto]] = [
    *(
        depthwise,
        grouped,
        per_channel_scales,
        affine,
        clipped,
        max_pools,
        channels,
        resized,
        deformable,
        peaks,
        bounded_dilation,
    ),
    *(residual, averages, averages_at_the_border, whole_map),
    *(fully_connected, vector_input, wide_activations, full_weights, dense),
    lambda: dense(strides=[2, 1], pads=[0, 1, 2, 0]),
    lambda: dense(auto_pad="SAME_LOWER", strides=[2, 2]),
    lambda: dense(auto_pad="VALID"),
    lambda: peaks("Greater"),
    lambda: disjoint_clips((0.0, 2.0), (4.0, 6.0)),
    lambda: disjoint_clips((4.0, 6.0), (0.0, 2.0)),
    lambda: disjoint_clips((-4.0, 3.0), (1.0, 6.0)),
]


@pytest.mark.parametrize("build", MODELS)
def test_every_executor_computes_the_same_tensors(build: Callable[[], onnx.ModelProto]) -> None:
    assert_executors_agree(build())


def test_groups_of_several_channels_or_outputs_are_group_convolutions() -> None:
    assert [node.op.groups for node in import_qonnx(grouped()).nodes if node.op.kind == "group_conv"] == [2, 4, 4]


def test_only_averages_of_windows_that_differ_have_gains() -> None:
    graph = import_qonnx(averages_at_the_border())
    kinds = [node.op.kind for node in graph.nodes]
    assert (kinds.count("depthwise"), kinds.count("avgpool"), kinds.count("gain_map")) == (5, 1, 4)


def test_an_affine_after_a_layer_leaves_no_block_behind() -> None:
    graph = import_qonnx(affine())
    assert [node.op.kind for node in graph.nodes] == ["conv", "requant"]


def test_a_convolution_over_the_whole_map_is_a_fully_connected_layer() -> None:
    assert [node.op.kind for node in import_qonnx(whole_map()).nodes] == ["linear", "requant"]


def test_slices_that_cover_the_channels_become_one_split() -> None:
    graph = import_qonnx(channels())
    assert [node.op.kind for node in graph.nodes] == ["split", "concat", "shuffle"]
    assert graph.nodes[0].op.sizes == (4, 2)


@pytest.mark.parametrize(("seam", "groups"), [(4, 2), (3, 3), (3, 2)])
def test_only_equal_halves_shuffled_in_two_groups_are_interleaved(seam: int, groups: int) -> None:
    model = channels(seam, groups)
    graph = assert_executors_agree(model)
    kinds = [node.op.kind for node in graph.nodes]
    assert kinds == (["split", "interleave"] if (seam, groups) == (3, 2) else ["split", "concat", "shuffle"])


@pytest.mark.parametrize("readers", [1, 2])
def test_a_pointwise_convolution_that_alone_reads_an_upsampled_map_is_computed_before(readers: int) -> None:
    net, x = started(2, 3, 4)
    wide = net.op("Resize", x, net.const([]), net.const([1, 1, 2, 2]), mode="nearest")
    outputs = [net.quant(net.conv(wide, weights(3, 2, 1, 1), 0.25), 1 / 8) for _ in range(readers)]
    graph = assert_executors_agree(net.model(*(net.op("MaxPool", y, kernel_shape=[2, 2]) for y in outputs)))
    kinds = [node.op.kind for node in graph.nodes]
    assert kinds.index("upsample") == (2 if readers == 1 else 0)


def test_a_quantizer_that_changes_nothing_is_no_block() -> None:
    net, x = started(2, 4, 4)
    pooled = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    graph = import_qonnx(net.model(net.quant(pooled, 1 / 16)))
    assert [node.op.kind for node in graph.nodes] == ["maxpool"]


@pytest.mark.parametrize(("gains", "shifts"), [((0.5, 0.5, 0.5), [1]), ((0.5, 0.25, 0.5), [1, 2, 1])])
def test_channels_that_are_shifted_alike_have_one_shift(gains: tuple[float, ...], shifts: list[int]) -> None:
    """A shift for each would take a table in hardware."""
    net, x = started(2, 4, 4)
    scaled = net.op("Mul", net.conv(x, np.ones((3, 2, 1, 1))), net.const(np.reshape(gains, (1, 3, 1, 1))))
    graph = import_qonnx(net.model(net.quant(scaled, 1 / 16)))
    (shifted,) = (node.op for node in graph.nodes if node.op.kind == "requant")
    assert shifted.shift.tolist() == shifts


def test_a_clip_after_a_quantizer_narrows_it() -> None:
    graph = import_qonnx(bounded_dilation())
    assert [node.op.kind for node in graph.nodes] == ["conv", "requant", "deform", "requant"]
    dilation = graph.types[graph.nodes[2].inputs[1]]
    assert (dilation.lo, dilation.hi) == (-5, 5)


def test_a_relu_narrows_the_range_of_a_signed_quantizer() -> None:
    net, x = started(2, 4, 4)
    graph = import_qonnx(finished(net, net.op("Relu", net.conv(x, weights(2, 2, 1, 1)))))
    assert (graph.types[graph.outputs[0]].lo, graph.types[graph.outputs[0]].signed) == (0, False)


@pytest.mark.parametrize(
    ("name", "metadata", "block"),
    [
        ("/backbone/stage2/stage2.0/conv1/Conv", None, "backbone.stage2.0.conv1"),
        ("decoder.0.conv", None, "decoder.0.conv"),
        ("node_conv2d_3", "['', 'head', 'head.heat', 'conv2d_3']", "head.heat"),
        ("", None, "conv"),
        ("/conv-1 x/Conv", None, "conv_1_x"),
    ],
)
def test_a_block_is_named_after_the_module_it_came_from(name: str, metadata: str | None, block: str) -> None:
    net, x = started(1, 4, 4)
    net.conv(x, weights(2, 1, 1, 1))
    net.nodes[-1].name = name
    if metadata:
        net.nodes[-1].metadata_props.add(key="pkg.torch.onnx.name_scopes", value=metadata)
    graph = import_qonnx(finished(net, net.nodes[-1].output[0]))
    assert graph.nodes[0].name == block


def test_blocks_of_a_shared_quantizer_are_named_after_their_layers() -> None:
    net, x = started(2, 4, 4)
    for layer, quantizer in (("a", "export_handler"), ("b", "export_handler_1")):
        conv = net.conv(x, np.full((2, 2, 1, 1), 7))
        net.nodes[-1].name = f"/{layer}/Conv"
        x = net.quant(conv)
        net.nodes[-1].name = f"/act/act_quant/{quantizer}/Quant"
    assert [node.name for node in import_qonnx(net.model(x)).nodes] == ["a", "a.act", "b", "b.act"]


def test_a_flipped_weight_is_found_by_comparing_with_the_qonnx_executor() -> None:
    model = dense()
    graph = import_qonnx(model)
    images = random_images(graph, 2)
    expected = execute(graph, {"image": images}, keep=graph.types)
    stored = next(c for c in model.graph.initializer if len(c.dims) == 4)
    array = onnx.numpy_helper.to_array(stored).copy()
    array[2, 0, 0, 0] = 0.5 if array[2, 0, 0, 0] <= 0 else -0.5
    stored.CopyFrom(onnx.numpy_helper.from_array(array, stored.name))
    found = run_qonnx(model, graph, images)
    conv = graph.nodes[0].name
    wrong = (found[conv] != expected[conv]).any(axis=(0, 2, 3))
    assert wrong.tolist() == [False, False, True, False]


def test_a_tensor_that_is_not_in_the_file_is_refused() -> None:
    model = dense()
    with pytest.raises(GraphError, match="'nowhere' does not exist in the QONNX file"):
        run_qonnx(model, import_qonnx(model), np.zeros((1, 3, 9, 7), np.int32), ["nowhere"])


def _refusals() -> dict[str, tuple[Callable[[QonnxNet, str], str], str]]:
    def conv(net: QonnxNet, x: str, *shape: int, **options: object) -> str:
        return net.conv(x, weights(*shape), **options)

    def residual_scales(net: QonnxNet, x: str) -> str:
        return conv(net, net.op("Add", x, net.quant(conv(net, x, 4, 4, 1, 1), 0.25, 4)), 2, 4, 1, 1)

    def foreign_offsets(net: QonnxNet, x: str) -> str:
        s = net.quant(conv(net, x, 1, 4, 1, 1), 1.0, 4, signed=1)
        return net.deform(x, s, weights(4, 1, 3, 3), anchor=ANCHOR * 2)

    def half_dilation(net: QonnxNet, x: str) -> str:
        s = net.quant(conv(net, x, 1, 4, 1, 1), 0.5, 4, signed=1)
        return net.deform(x, s, weights(4, 1, 3, 3))

    def two_inputs(net: QonnxNet, x: str) -> str:
        return net.op("Concat", x, net.quant("image", 1.0), axis=1)

    def holes(net: QonnxNet, x: str) -> str:
        return net.op("Slice", x, *(net.const([v], np.int64) for v in (1, 4, 1)))

    def bare_relu(net: QonnxNet, x: str) -> str:
        return conv(net, net.op("Relu", net.op("Sub", x, net.const(0.0))), 2, 4, 1, 1)

    def different_scales(net: QonnxNet, x: str) -> str:
        y = net.quant(conv(net, x, 2, 4, 1, 1), 0.25, 4)
        return conv(net, net.op("Concat", x, y, axis=1), 2, 6, 1, 1)

    return {
        "unknown operator": (lambda n, x: n.op("Softmax", x), "'Softmax' is not supported; docs/qonnx.md"),
        "scale": (lambda n, x: n.quant(conv(n, x, 2, 4, 1, 1), -0.3), "a scale is not positive"),
        "zero point": (lambda n, x: n.quant(conv(n, x, 2, 4, 1, 1), zero=2.5), "zero point .* is not one integer"),
        "bits": (lambda n, x: n.quant(conv(n, x, 2, 4, 1, 1), bits=17), "17 bits are out of range"),
        "fractional bits": (lambda n, x: n.quant(conv(n, x, 2, 4, 1, 1), bits=4.5), "bit width is not one integer"),
        "rounding": (lambda n, x: n.quant(conv(n, x, 2, 4, 1, 1), rounding_mode="DICE"), "(?s)rounding_mode = DICE"),
        "thresholds": (
            lambda n, x: n.multi_threshold(conv(n, x, 2, 4, 1, 1), np.ones((3, 1))),
            r"thresholds of shape \(3, 1\)",
        ),
        "threshold bias": (
            lambda n, x: n.multi_threshold(conv(n, x, 2, 4, 1, 1), np.ones((1, 1)), out_scale=2.0, out_bias=0.3),
            "do not make integers",
        ),
        "threshold layout": (
            lambda n, x: n.multi_threshold(conv(n, x, 2, 4, 1, 1), np.ones((1, 1)), data_layout="NWC"),
            "data_layout = NWC of MultiThreshold",
        ),
        "scale per channel": (
            lambda n, x: n.quant(conv(n, x, 2, 4, 1, 1), np.ones((1, 2, 1, 1))),
            "an activation has one scale per channel",
        ),
        "groups": (lambda n, x: conv(n, x, 5, 2, 1, 1, group=2), "5 output channels cannot be parted in 2 groups"),
        "float weights": (
            lambda n, x: n.op("Conv", x, n.const(np.full((2, 4, 1, 1), 0.3))),
            "the weights are not quantized",
        ),
        "wide weights": (lambda n, x: n.conv(x, np.full((2, 4, 1, 1), 300), bits=10), "weights have more than 8 bits"),
        "bias": (
            lambda n, x: conv(n, conv(n, x, 2, 4, 1, 1, bias=[0.01, 0]), 2, 2, 1, 1),
            "the offset after a layer is not a multiple",
        ),
        "negative factor": (
            lambda n, x: conv(n, n.op("Mul", conv(n, x, 2, 4, 1, 1), n.const(-0.3)), 2, 2, 1, 1),
            "a factor that is not positive; put a quantizer",
        ),
        "affine of the input": (
            lambda n, x: conv(n, n.op("Add", x, n.const(0.5)), 2, 4, 1, 1),
            "no layer with weights computes; put a quantizer",
        ),
        "two activations": (
            lambda n, x: n.op("Div", x, n.quant(conv(n, x, 4, 4, 1, 1))),
            "a Div of two activations is not supported",
        ),
        "residual": (residual_scales, "tensors of different scales that are put together"),
        "average at a border": (
            lambda n, x: n.op("AveragePool", x, kernel_shape=[9, 9], pads=[8, 8, 8, 8]),
            "averages at the border leave out the padding, and gains are from 1 to 65535",
        ),
        "average of nothing": (
            lambda n, x: n.op("AveragePool", x, kernel_shape=[2, 2], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1),
            "an average has windows without a pixel of the map",
        ),
        "sum over channels": (lambda n, x: n.op("ReduceSum", x, n.const([1], np.int64)), r"over axes \[1\]"),
        "part of a sum": (
            lambda n, x: n.op(
                "GlobalAveragePool", n.op("Mul", n.op("ReduceSum", x, n.const([2, 3], np.int64)), n.const(0.04))
            ),
            "a factor that is no power of two",
        ),
        "accumulators": (
            lambda n, x: n.conv(n.quant(x, 1 / 2**14, 16), np.full((2, 4, 9, 9), 127), pads=[1, 1, 1, 1]),
            "beyond what 32 bits hold",
        ),
        "offsets": (foreign_offsets, r"offsets are not anchor \* \(s - 1\)"),
        "dilation scale": (half_dilation, "the dilation must be .* with scale 1"),
        "two input quantizers": (two_inputs, "input 'image' is quantized in two ways"),
        "slices": (holes, "do not cover its 4 channels once each"),
        "concat": (different_scales, "tensors of different scales that are put together"),
        "no quantizer after an activation": (bare_relu, "without a quantizer"),
        "linear interpolation": (
            lambda n, x: n.op("Resize", x, n.const([]), n.const([1, 1, 2, 2]), mode="linear"),
            "mode = linear of Resize",
        ),
        "fractional resize": (
            lambda n, x: n.op("Resize", x, n.const([]), n.const([1, 1, 1.5, 1.5]), mode="nearest"),
            "is not by one integer factor",
        ),
        "transpose": (
            lambda n, x: conv(n, n.op("Transpose", x, perm=[0, 2, 3, 1]), 2, 8, 1, 1),
            "a Conv of a reshaped tensor is not supported",
        ),
        "lone comparison": (lambda n, x: n.op("Equal", x, x), "only supported within where"),
    }


def test_a_concatenation_of_several_becomes_one_of_pairs_and_of_one_nothing():
    net = QonnxNet(1, 2, 5, 5)
    x = net.quant("image", 1.0, 4)
    parts = [net.quant(net.conv(x, RNG.integers(-3, 4, (n, 2, 1, 1))), 4.0, 4) for n in (3, 2, 4)]
    alone = net.op("Concat", parts[0], axis=1)
    joined = net.op("Concat", alone, *parts[1:], axis=1)
    net.quant(net.conv(joined, RNG.integers(-3, 4, (3, 9, 1, 1))), 8.0, 4)
    graph = assert_executors_agree(net.model(net.nodes[-1].output[0]))
    joins = [node for node in graph.nodes if node.op.kind == "concat"]
    assert [len(node.inputs) for node in joins] == [2, 2]
    assert designed(graph).schedule.interval_cycles > 0


@pytest.mark.parametrize("case", _refusals())
def test_what_cannot_be_exact_is_refused_with_its_node_and_a_reason(case: str) -> None:
    build, message = _refusals()[case]
    net, x = started(4, 8, 8)
    model = net.model(build(net, x))
    with pytest.raises(GraphError, match=message) as caught:
        import_qonnx(model)
    assert caught.value.where.startswith("node ")


def test_an_input_used_before_it_is_quantized_is_refused() -> None:
    net = QonnxNet(1, 2, 4, 4)
    with pytest.raises(GraphError, match="used before it is quantized"):
        import_qonnx(finished(net, net.conv("image", weights(2, 2, 1, 1))))


def test_a_dynamic_batch_is_one_image() -> None:
    models = [QonnxNet(batch, 2, 4, 4) for batch in ("N", 1)]
    dynamic, one = (import_qonnx(net.model(net.quant("image"))) for net in models)
    assert dynamic.inputs == one.inputs


def test_a_dynamic_shape_is_refused() -> None:
    net = QonnxNet(1, 2, "H", 4)
    with pytest.raises(GraphError, match="input image: the shape is not static"):
        import_qonnx(net.model(net.quant("image")))


def test_a_batch_of_several_images_is_refused() -> None:
    net = QonnxNet(2, 2, 4, 4)
    with pytest.raises(GraphError, match="has shape"):
        import_qonnx(net.model(net.quant("image")))


def test_an_onnx_file_without_quantizers_is_refused(tmp_path: Path) -> None:
    net = QonnxNet(1, 2, 4, 4)
    onnx.save(net.model(net.op("Relu", "image")), tmp_path / "float.onnx")
    with pytest.raises(GraphError, match=r"float\.onnx: nothing in it is quantized"):
        import_qonnx(tmp_path / "float.onnx")


@pytest.mark.parametrize("content", [b"", b"no protobuf at all", b"\x08\x09\x12"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(GraphError, match=r"bad\.onnx: "):
        import_qonnx(tmp_path / "bad.onnx")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="missing"):
        import_qonnx(tmp_path / "none.onnx")


def test_weights_beside_the_file_are_read_and_missed_when_they_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(dense(), path, save_as_external_data=True, location="net.data", size_threshold=0)
    assert import_qonnx(path).macs == import_qonnx(dense()).macs
    (tmp_path / "net.data").unlink()
    with pytest.raises(GraphError, match=r"net\.onnx"):
        import_qonnx(path)


def _mutated(model: onnx.ModelProto, rng: np.random.Generator) -> onnx.ModelProto:
    """A copy with one thing in one node wrong: an attribute, an input, the operator, or the shape of a constant."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    node = copy.graph.node[rng.integers(len(copy.graph.node))]
    other = copy.graph.node[rng.integers(len(copy.graph.node))]
    constant = copy.graph.initializer[rng.integers(len(copy.graph.initializer))]
    array = np.resize(onnx.numpy_helper.to_array(constant), [(0,), (1,), (2,), (3, 1, 1)][rng.integers(4)])
    numbers = [a for a in node.attribute if a.ints]
    changes: list[Callable[[], object]] = [
        lambda: node.attribute.pop() if node.attribute else None,
        lambda: numbers[0].ints.__setitem__(slice(None), [int(rng.integers(-1, 4))] * 3) if numbers else None,
        lambda: node.input.pop(),
        lambda: node.input.__setitem__(0, ["", "nothing", other.output[0]][rng.integers(3)]),
        lambda: setattr(node, "op_type", other.op_type),
        lambda: copy.graph.node.remove(node),
        lambda: constant.CopyFrom(onnx.numpy_helper.from_array(array, constant.name)),
    ]
    changes[rng.integers(len(changes))]()
    return copy


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("build", MODELS)
def test_a_malformed_file_is_read_or_refused_but_never_crashes(build: Callable[[], onnx.ModelProto]) -> None:
    model, rng, refused = build(), np.random.default_rng(3), 0
    for _ in range(15):
        try:
            import_qonnx(_mutated(model, rng))
        except GraphError:
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [((0, 2), (4, 6), (4, 4)), ((4, 6), (0, 2), (2, 2)), ((0, 4), (2, 6), (2, 4)), ((0, 6), (2, 4), (2, 4))],
)
def test_of_two_clips_what_both_leave_is_left_or_the_nearer_bound_of_the_second(
    first: tuple[float, float], second: tuple[float, float], left: tuple[float, float]
) -> None:
    step = Step(onnx.NodeProto(), 0, {}, 4, 19)
    found = Activation("x").clip(*first, step).clip(*second, step)
    assert (found.lo, found.hi) == left


@pytest.mark.parametrize(
    ("scale", "off", "good"),
    [
        (0.25, 0, True),
        (0.25, 2.0**-40, False),
        (0.3, 0, True),
        (0.3, 2.0**-23, True),
        (0.3, 2.0**-21, False),
        (0.3, -(2.0**-23), True),
        (0.3, -(2.0**-21), False),
    ],
)
def test_a_real_value_is_an_integer_of_its_scale_exactly_or_as_float32_rounds_it(
    scale: float, off: float, good: bool
) -> None:
    steps = np.array([-127, 0, 3, 2**20])
    real = steps * scale * (1 + off)
    if good:
        assert integers(real, scale, "a weight").tolist() == steps.tolist()
    else:
        with pytest.raises(GraphError, match="a weight is not a multiple of its scale"):
            integers(real, scale, "a weight")


def test_quantizers_may_have_parameters_of_float64_that_float32_holds():
    net = QonnxNet(1, 2, 4, 4)
    x = net.quant("image", 0.5, 4, signed=1)
    output = net.quant(net.conv(x, np.ones((3, 2, 3, 3)), 0.25), 2.0, 4)
    for index, tensor in enumerate(net.constants):
        if not tensor.dims:
            net.constants[index] = numpy_helper.from_array(
                numpy_helper.to_array(tensor).astype(np.float64), tensor.name
            )
    assert_executors_agree(net.model(output))
