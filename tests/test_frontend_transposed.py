"""Transposed convolutions and depth to space, against the executors that know nothing of phases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.quantization import QuantType

from codesign.errors import GraphError
from codesign.frontend.ops.transposed import phases_of
from codesign.frontend.qonnx import import_qonnx
from codesign.graph import Graph
from tests.onnx_nets import QonnxNet, assert_executors_agree
from tests.qdq_files import RNG, FloatNet, assert_kernels_agree, quantized


def kinds(graph: Graph) -> list[str]:
    return [node.op.kind for node in graph.nodes]


def transposed(net: QonnxNet, x: str, q: np.ndarray, scale: object = 0.5, bias: object = None, **attributes) -> str:
    extra = [] if bias is None else [net.const(bias)]
    return net.op("ConvTranspose", x, net.weight(q, scale), *extra, **attributes)


def drawn(seed: int) -> tuple[QonnxNet, tuple[int, int], int]:
    """A ConvTranspose of any geometry between two quantizers; its strides and groups."""
    rng = np.random.default_rng(seed)
    kernel, stride, dilation = rng.integers(1, 6, 2), rng.integers(1, 5, 2), rng.integers(1, 3, 2) ** (seed % 4 == 3)
    size = rng.integers(2, 7, 2)
    span = (kernel - 1) * dilation + 1
    most = stride * (size - 1) + span - 1
    begin = [int(rng.integers(0, min(s, m) + 1)) for s, m in zip(span, most, strict=True)]
    end = [int(rng.integers(0, min(s, m - b) + 1)) for s, m, b in zip(span, most, begin, strict=True)]
    more = [int(rng.integers(0, s)) for s in stride]  # as ONNX Runtime takes it
    inputs, outputs = (int(n) for n in rng.integers(1, 4, 2))
    group = inputs if seed % 3 == 2 else 1
    shape = (inputs, 1 if group > 1 else outputs, *kernel)
    total = shape[1] * group
    scale = 2.0 ** -rng.integers(0, 3, (inputs, 1, 1, 1) if group > 1 else (1, outputs, 1, 1))
    bias = rng.integers(-20, 21, total) / 16 if seed % 2 else None
    net = QonnxNet(1, inputs, *(int(n) for n in size))
    x = net.quant("image", 0.25, 4, signed=1)
    y = transposed(
        net, x, rng.integers(-7, 8, shape), scale, bias, group=group, strides=stride.tolist(),
        pads=[*begin, *end], output_padding=more, dilations=dilation.tolist(),
    )  # fmt: skip
    net.quant(y, 0.5 if seed % 5 else 0.3717, 5, signed=1)
    return net, (int(stride[0]), int(stride[1])), group


@pytest.mark.parametrize("seed", range(48))
def test_a_transposed_convolution_of_any_geometry_is_phases_of_one(seed: int) -> None:
    net, stride, group = drawn(seed)
    graph = assert_executors_agree(net.model(net.nodes[-1].output[0]))
    convolutions = [kind for kind in kinds(graph) if "conv" in kind or kind in ("depthwise", "linear")]
    assert len(convolutions) == 1
    assert kinds(graph).count("depth_to_space") == (stride != (1, 1))
    assert kinds(graph).count("shuffle") == (group > 1 and stride != (1, 1))


def test_a_row_is_transposed() -> None:
    net = QonnxNet(1, 3, 7)
    rng = np.random.default_rng(1)
    x = net.quant("image", 0.25, 4, signed=1)
    y = transposed(net, x, rng.integers(-7, 8, (3, 2, 4)), strides=[2], pads=[1, 1])
    y = net.quant(net.op("Relu", y), 0.5, 4)
    graph = assert_executors_agree(net.model(net.quant(transposed(net, y, rng.integers(-7, 8, (2, 2, 3))), 1.0, 4)))
    assert kinds(graph) == ["conv", "requant", "depth_to_space", "conv", "requant"]


def test_nothing_is_multiplied_by_zeros_between_pixels() -> None:
    """Kernel 2 at stride 2: one multiplication for each of input pixel, tap and pair of channels."""
    net = QonnxNet(1, 3, 5, 4)
    x = net.quant("image", 0.25, 4, signed=1)
    y = transposed(net, x, np.ones((3, 6, 2, 2)), strides=[2, 2])
    graph = import_qonnx(net.model(net.quant(y, 1.0, 4)))
    assert graph.nodes[0].op.macs(*graph.inputs.values()) == 5 * 4 * 2 * 2 * 3 * 6


@pytest.mark.parametrize("kernel", range(1, 7))
@pytest.mark.parametrize("stride", range(1, 5))
def test_every_tap_is_one_of_a_phase_once(kernel: int, stride: int) -> None:
    for cut in range(kernel):
        found = phases_of(9, stride * 9, kernel, stride, cut)
        assert sorted(found.taps[found.taps >= 0].tolist()) == list(range(kernel))
        assert min(found.before, found.after, found.crop) >= 0


@pytest.mark.parametrize("scale", [0.5, 0.3717], ids=["requant", "rescale"])
def test_a_quantizer_stands_before_the_rows_that_wait(scale: float) -> None:
    net = QonnxNet(1, 3, 4, 5)
    rng = np.random.default_rng(3)
    x = net.quant("image", 0.25, 8, signed=1)
    y = transposed(net, x, rng.integers(-7, 8, (3, 2, 4, 4)), 2.0 ** np.array([-1, -3.0]).reshape(1, 2, 1, 1),
                   np.array([0.5, -0.75]), strides=[2, 2], pads=[1, 1, 1, 1])  # fmt: skip
    y = net.quant(net.op("Relu", y), scale, 6)
    graph = assert_executors_agree(net.model(net.quant(net.conv(y, rng.integers(-7, 8, (3, 2, 1, 1))), 1.0, 4)))
    assert kinds(graph)[:3] == ["conv", "requant" if scale == 0.5 else "rescale", "depth_to_space"]


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("before", ["a quantizer", "sums", "a function of the sums", "a sum scaled"])
def test_depth_to_space_in_both_orders_behind(before: str, mode: str) -> None:
    net = QonnxNet(1, 2, 4, 5)
    rng = np.random.default_rng(4)
    x = net.conv(net.quant("image", 0.25, 4, signed=1), rng.integers(-7, 8, (12, 2, 3, 3)), 0.5)
    if before == "a quantizer":
        x = net.quant(x, 0.5, 5, signed=1)
    elif before == "a function of the sums":
        x = net.op("Sigmoid", x)
    elif before == "a sum scaled":
        x = net.op("Relu", net.op("Mul", x, net.const(0.37)))
    y = net.op("DepthToSpace", x, blocksize=2, mode=mode)
    y = net.quant(y, 1 / 32 if before == "a function of the sums" else 0.25, 5, signed=1)
    graph = assert_executors_agree(net.model(net.quant(net.conv(y, rng.integers(-7, 8, (2, 3, 1, 1))), 2.0, 4)))
    assert kinds(graph).count("depth_to_space") == 1
    assert kinds(graph).count("shuffle") == (mode == "CRD")


def grouped(net: QonnxNet, x: str) -> str:
    return transposed(net, x, np.ones((4, 2, 2, 2)), group=2, strides=[2, 2])


REFUSED = {
    "in groups of several outputs": (grouped, "2 outputs for each of 2 groups is not supported; use one group"),
    "of a given shape": (
        lambda n, x: transposed(n, x, np.ones((4, 2, 3, 3)), output_shape=[8, 8], strides=[2, 2]),
        "output_shape",
    ),
    "padded by itself": (
        lambda n, x: transposed(n, x, np.ones((4, 2, 3, 3)), auto_pad="SAME_UPPER", strides=[2, 2]),
        "auto_pad",
    ),
    "of real weights": (
        lambda n, x: n.op("ConvTranspose", x, n.const(np.full((4, 2, 3, 3), 0.3))),
        "the weights are not quantized",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_is_a_transposed_convolution(what: str) -> None:
    build, says = REFUSED[what]
    net = QonnxNet(1, 4, 4, 4)
    with pytest.raises(GraphError, match=says):
        import_qonnx(net.model(net.quant(build(net, net.quant("image", 0.25, 4, signed=1)), 0.5)))


def decoder(net: FloatNet) -> str:
    """An encoder, and two transposed convolutions joined with what is as large."""
    x = net.op("Relu", net.conv("image", 4, 3, 3, pads=[1, 1, 1, 1]))
    y = net.op("Relu", net.conv(x, 6, 4, 3, strides=[2, 2], pads=[1, 1, 1, 1]))
    weight = net.const(RNG.normal(size=(6, 4, 4, 4)))
    y = net.op("ConvTranspose", y, weight, net.const(RNG.normal(size=4)), strides=[2, 2], pads=[1, 1, 1, 1])
    y = net.conv(net.op("Concat", x, net.op("Relu", y), axis=1), 3, 8, 3, pads=[1, 1, 1, 1])
    return net.op("ConvTranspose", y, net.const(RNG.normal(size=(3, 2, 2, 2))), strides=[2, 2])


@pytest.mark.parametrize("per_channel", [False, True])
def test_a_qdq_decoder_has_the_integers_of_onnxruntime(per_channel: bool, tmp_path: Path) -> None:
    options = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8, "per_channel": per_channel}
    model: onnx.ModelProto = quantized(tmp_path, decoder, **options)
    graph = assert_kernels_agree(model)
    assert kinds(graph).count("depth_to_space") == 2
