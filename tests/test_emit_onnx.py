"""Standard ONNX from the integer graph: the same bits in a stock ONNX Runtime, whatever it optimizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.errors import GraphError
from codesign.graph import Graph, Node, Op, TensorType, execute
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
from codesign.graph.ops.top_k import TopK
from codesign.graph.ops.upsample import Upsample
from codesign.graph.reals import NOT_AN_INTEGER, to_integers, to_real
from codesign.plugins import names
from tests.onnx_nets import random_images
from trust.random_graphs import graphs

RNG = np.random.default_rng(2)
X = TensorType((4, 9, 7), 0, 255, (2.0**-8,))


def weights(*shape: int) -> np.ndarray:
    return RNG.integers(-7, 8, shape)


def graph_of(*nodes: tuple[str, Op, tuple[str, ...]], inputs: TensorType = X) -> Graph:
    """The last node's outputs are the graph's."""
    made = tuple(Node(*node) for node in nodes)
    outputs = Graph("net", {"x": inputs}, made, ()).output_names(made[-1])
    return Graph("net", {"x": inputs}, made, outputs)


def detector() -> Graph:
    """Every operator in one network."""
    return graph_of(
        ("stem", Conv(weights(6, 4, 3, 3), RNG.integers(-99, 99, 6), (0.5,), (2, 2), (1, 1, 1, 1)), ("x",)),
        ("stem.act", Requant([3], 0, 255, 2.0**-6), ("stem",)),
        ("pool", MaxPool((3, 3), (1, 1), (1, 1, 1, 1)), ("stem.act",)),
        ("parts", Split((2, 4)), ("pool",)),
        (
            "dw",
            Depthwise(weights(4, 1, 3, 3), np.zeros(4), tuple(2.0**-i for i in range(4)), pads=(1,) * 4),
            ("parts.1",),
        ),
        ("dw.act", Requant([0, 1, 2, 3], -100, 90, 2.0**-6), ("dw",)),
        ("joined", Concat(), ("parts.0", "dw.act")),
        ("shuffled", Shuffle(3), ("joined",)),
        ("halves", Split((3, 3)), ("shuffled",)),
        ("mixed", Interleave(), ("halves.0", "halves.1")),
        ("grouped", GroupConv(weights(6, 2, 3, 3), np.arange(6), (2.0**-4,), pads=(1,) * 4, groups=3), ("mixed",)),
        ("grouped.act", Requant([4], 0, 255, 2.0**-6), ("grouped",)),
        ("s", Conv(weights(1, 6, 1, 1), [40]), ("grouped.act",)),
        ("s.act", Requant([6], -7, 7, 1.0), ("s",)),
        ("deform", Deform(weights(6, 1, 3, 3), RNG.integers(-9, 9, 6)), ("grouped.act", "s.act")),
        ("deform.act", Requant([-1], -2000, 2000, 2.0**-7), ("deform",)),
        ("up", Upsample(2), ("deform.act",)),
        ("pixels", DepthToSpace((3, 2), (1, 0)), ("deform.act",)),
        ("heat", Peak(17, -2000), ("up",)),
        ("sum", Add(), ("up", "heat")),
        ("mean", AvgPool(128), ("sum",)),
        ("weighed", GainMap([3, *[2] * 8, 3], [3, *[2] * 6, 3], 36), ("heat",)),
        ("gate", Requant([7], -300, 300, 2.0**-7), ("mean",)),
        ("gated", Mul(), ("heat", "gate")),
        ("squared", Mul(), ("heat", "heat")),
        ("fc", Linear(weights(5, 6 * 80), RNG.integers(-99, 99, 5)), ("heat",)),
        ("class", TopK(), ("fc",)),
        ("classes", TopK(3), ("heat",)),
    )


def full_weights() -> Graph:
    """8-bit weights of full range on 8-bit activations, where pairs of products exceed 16 bits."""
    return graph_of(
        ("first", Conv(np.full((2, 4, 3, 3), 127), np.zeros(2)), ("x",)),
        ("act", Requant([12], 0, 255, 2.0**4), ("first",)),
        ("second", Depthwise(np.full((2, 1, 1, 1), -127), np.zeros(2)), ("act",)),
        ("out", Requant([8], -128, 127, 2.0**12), ("second",)),
        ("fc", Linear(np.full((3, 70), 127), np.zeros(3)), ("out",)),
    )


def assert_exact(graph: Graph, model: onnx.ModelProto, images: np.ndarray, tensors: list[str]) -> None:
    expected = execute(graph, {"x": images}, keep=tensors)
    for name, values in run_onnxruntime(model, graph, images, tensors).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


@pytest.mark.parametrize("build", [detector, full_weights])
def test_every_tensor_is_exact_alone_and_among_all_others(build: object) -> None:
    """Observing a tensor keeps ONNX Runtime from fusing across it, so both ways are tried."""
    graph = build()
    images, model = random_images(graph, 3), emit_qcdq(graph)
    images[0] = X.hi
    assert_exact(graph, model, images, list(graph.types))
    for name in graph.types:
        assert_exact(graph, model, images, [name])


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 2**31))
def test_random_networks_are_exact(graph: Graph, seed: int) -> None:
    images, model = random_images(graph, 2, seed), emit_qcdq(graph)
    assert_exact(graph, model, images, list(graph.types))
    assert_exact(graph, model, images, list(graph.outputs))


def test_no_optimization_and_all_of_them_give_the_same() -> None:
    graph = detector()
    images, model = random_images(graph, 2), emit_qcdq(graph)
    (output,) = graph.outputs
    expected = execute(graph, {"x": images})[output]
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        (real,) = session.run(None, {"x": to_real(images, X)})
        np.testing.assert_array_equal(to_integers(real, graph.types[output]), expected, err_msg=level)


def test_weights_of_eight_full_bits_are_kept_out_of_eight_bit_arithmetic(tmp_path: Path) -> None:
    """CPUs without VNNI add pairs of 8-bit products in 16 bits, saturating."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(emit_qcdq(full_weights()).SerializeToString(), options)
    kinds = {node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node}
    assert not kinds & {"QLinearConv", "ConvInteger", "QGemm", "QLinearMatMul", "MatMulIntegerToFloat"}


@pytest.mark.parametrize("kind", [TensorType((16, 3, 3), -128, 127), TensorType((16, 3, 3), 0, 255)], ids=str)
@pytest.mark.parametrize("largest", [64, 65, 112])
def test_sums_of_large_products_do_not_saturate(kind: TensorType, largest: int) -> None:
    """Signed activations are shifted by 128 where the runtime computes in 8 bits, which makes the products larger."""
    graph = graph_of(
        ("conv", Conv(np.full((4, 16, 3, 3), largest), np.zeros(4)), ("x",)),
        ("y", Requant([15], -128, 127, 2.0**15), ("conv",)),
        inputs=kind,
    )
    assert_exact(graph, emit_qcdq(graph), np.full((1, 16, 3, 3), kind.hi), ["y"])


def test_every_operator_of_the_graph_has_a_part() -> None:
    assert set(names("codesign.graph.ops")) <= set(names("codesign.emit.onnx.ops"))


def test_only_standard_operators_are_used() -> None:
    model = emit_qcdq(detector())
    assert {opset.domain for opset in model.opset_import} == {""}
    assert {node.domain for node in model.graph.node} == {""}
    onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize(
    ("lo", "hi"),
    [(0, 255), (-128, 127), (0, 14), (-7, 7), (0, 4095), (-2048, 2047), (-3, 200), (5, 9), (-(2**20), 2**20)],
)
def test_a_requantization_to_any_range_is_exact(lo: int, hi: int) -> None:
    values = TensorType((1, 64, 64), -2047, 2048, (0.5,))
    graph = graph_of(("y", Requant([2], lo, hi, 2.0), ("x",)), inputs=values)
    images = np.arange(-2047, 2049).reshape(1, 1, 64, 64)
    assert_exact(graph, emit_qcdq(graph), images, ["y"])


def test_a_float_image_off_the_grid_is_quantized_first() -> None:
    graph = graph_of(("pool", MaxPool((1, 1), (1, 1)), ("x",)))
    session = onnxruntime.InferenceSession(emit_qcdq(graph).SerializeToString())
    image = np.linspace(-0.5, 1.5, 4 * 9 * 7, dtype=np.float32).reshape(1, 4, 9, 7)
    (real,) = session.run(None, {"x": image})
    np.testing.assert_array_equal(real, np.clip(np.rint(image * 256), 0, 255) / 256)


def changed(model: onnx.ModelProto, name: str, change: object) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    tensor = next(t for t in copy.graph.initializer if t.name == name)
    array = onnx.numpy_helper.to_array(tensor).copy()
    change(array)
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))
    return copy


def test_one_flipped_weight_bit_is_found_in_its_block_and_channel() -> None:
    graph = detector()

    def flip(array: np.ndarray) -> None:
        array[3, 1, 0, 2] ^= 1

    images = random_images(graph, 2)
    expected = execute(graph, {"x": images}, keep=["stem"])["stem"]
    found = run_onnxruntime(changed(emit_qcdq(graph), "stem/weight/quantized", flip), graph, images, ["stem"])["stem"]
    assert (found != expected).any(axis=(0, 2, 3)).tolist() == [channel == 3 for channel in range(6)]


def test_a_value_off_the_grid_is_reported_and_does_not_stop_the_run() -> None:
    graph = detector()

    def stretch(array: np.ndarray) -> None:
        array *= 1.1

    model = changed(emit_qcdq(graph), "stem/weight/scale", stretch)
    found = run_onnxruntime(model, graph, random_images(graph, 1), ["stem"])["stem"]
    assert (found == NOT_AN_INTEGER).any()


def test_an_unknown_tensor_is_refused() -> None:
    graph = detector()
    with pytest.raises(GraphError, match="there is no tensor 'nowhere'"):
        run_onnxruntime(emit_qcdq(graph), graph, random_images(graph, 1), ["nowhere"])
