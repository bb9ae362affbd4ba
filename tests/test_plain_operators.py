"""Quantizers and tables written out in plain ONNX operators: the integers that come of them are the file's."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto

from codesign.emit.onnx import emit_qcdq
from codesign.errors import GraphError
from codesign.frontend.qonnx import import_network, import_qonnx
from codesign.graph import Graph, Node, Op, TensorType, execute
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.lookup import Lookup
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.rescale import Rescale
from codesign.graph.ops.threshold import Threshold
from codesign.graph.reals import to_real
from tests.onnx_nets import QonnxNet, random_images
from trust.random_graphs import graphs

RNG = np.random.default_rng(5)
X = TensorType((3, 5, 4), 0, 255, (2.0**-8,))
ODD = TensorType((3, 5, 4), -100, 120, (float(np.float32(0.0371)),))


def sums(largest: int = 127) -> Conv:
    return Conv(RNG.integers(-largest, largest + 1, (4, 3, 3, 3)), RNG.integers(-99, 99, 4), (0.25,), pads=(1,) * 4)


def thresholds(rows: int, steps: int, sign: int = 1) -> Threshold:
    found = np.sort(RNG.integers(-90000, 90000, (rows, steps)), axis=1)
    return Threshold(found, np.full(rows, sign), -3, 2.0**-4)


OPERATORS: dict[str, Op] = {
    "search by channel": thresholds(4, 13),
    "one search": thresholds(1, 255),
    "falling search": thresholds(4, 6, sign=-1),
    "two values": Threshold(np.array([[7]]), np.array([1]), -1, 1.0, step=2),
    "multiplication": Rescale([1311, 517, 77, 3], [9, 99, 999, 1], [22, 20, 19, 13], -128, 127, 0.5),
    "single precision": Rescale.of_float32(np.array([0.0123, 0.0007], np.float32).repeat(2), -100, 90, 0.25),
    "rounding": Requant([4], -2000, 2000, 0.25 * 2.0**-8 * 16),
}


def network(op: Op, inputs: TensorType) -> Graph:
    first = sums()
    if isinstance(op, Requant):
        op = Requant(op.shift, op.lo, op.hi, inputs.scale[0] * 0.25 * 16)
    nodes = (
        Node("first", first, ("x",)),
        Node("act", op, ("first",)),
        Node("last", Conv(RNG.integers(-7, 8, (2, 4, 1, 1)), [5, -5]), ("act",)),
    )
    return Graph("net", {"x": inputs}, nodes, ("last",))


def assert_read_back(graph: Graph, seed: int = 0) -> Graph:
    """What `emit_qcdq` writes of `graph`, read back, gives the same real values, on the host's part too."""
    model = emit_qcdq(graph)
    network = import_network(model)
    images = random_images(graph, 2, seed)
    expected = execute(graph, dict.fromkeys(graph.inputs, images))
    found = execute(network.graph, dict.fromkeys(network.graph.inputs, images))
    real = {t: to_real(found[t], network.graph.types[t]) for t in network.graph.outputs}
    if network.tail is None:
        results = dict(zip(graph.outputs, (real[t] for t in network.graph.outputs), strict=True))
    else:
        session = onnxruntime.InferenceSession(network.tail.SerializeToString())
        parts = [
            session.run(None, {name: real[t][i : i + 1] for name, t in network.tail_inputs.items()}) for i in range(2)
        ]
        results = {out.name: np.concatenate([p[k] for p in parts]) for k, out in enumerate(session.get_outputs())}
    for name, values in results.items():
        scale = np.array(graph.types[name].scale)[:, None, None]
        np.testing.assert_array_equal(np.rint(values / scale), expected[name], err_msg=name)
    assert results
    return network.graph


@pytest.mark.parametrize("inputs", [X, ODD], ids=["power of two", "any scale"])
@pytest.mark.parametrize("name", OPERATORS)
def test_what_is_written_of_an_operator_is_read_back(name: str, inputs: TensorType) -> None:
    graph = network(OPERATORS[name], inputs)
    again = assert_read_back(graph)
    assert len(again.nodes) <= len(graph.nodes) + 2


def test_a_table_is_read_back() -> None:
    table = Lookup(RNG.integers(-50, 50, (3, 256)), 0, 0.5)
    graph = Graph("net", {"x": X}, (Node("act", table, ("x",)), Node("last", sums(5), ("act",))), ("last",))
    again = assert_read_back(graph)
    assert [node.op.kind for node in again.nodes] == ["lookup", "conv"]


def test_sums_that_float32_does_not_hold_are_one_layer_again() -> None:
    wide = Conv(np.full((4, 64, 3, 3), 127), np.arange(4) * 12345, (0.25,), pads=(1,) * 4)
    inputs = TensorType((64, 4, 4), 0, 255, (2.0**-8,))
    nodes = (Node("wide", wide, ("x",)), Node("act", Requant([17], 0, 255, 2.0**7), ("wide",)))
    again = assert_read_back(Graph("net", {"x": inputs}, nodes, ("act",)))
    assert again.nodes[0].op.kind == "conv"
    np.testing.assert_array_equal(again.nodes[0].op.weight, wide.weight)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(graphs(), st.integers(0, 2**31))
def test_random_networks_are_read_back_right_or_refused(graph: Graph, seed: int) -> None:
    try:
        import_network(emit_qcdq(graph))
    except GraphError:
        return
    assert_read_back(graph, seed)


def quantizer(net: QonnxNet, x: str, rounding: str = "Round") -> str:
    """Learned steps as training code exports them: x / s, rounded, clipped, times s."""
    rounded = net.op(rounding, net.op("Div", x, net.const(0.37)))
    return net.op("Mul", net.op("Clip", rounded, net.const(-8), net.const(7)), net.const(0.37))


@pytest.mark.parametrize("rounding", ["Round", "Floor", "Ceil"])
def test_rounding_written_out_is_a_quantizer(rounding: str) -> None:
    net = QonnxNet(1, 3, 4, 4)
    x = net.conv(net.quant("image", 0.25), RNG.integers(-7, 8, (4, 3, 1, 1)))
    model = net.model(net.conv(quantizer(net, x, rounding), RNG.integers(-7, 8, (2, 4, 1, 1))))
    graph = import_qonnx(model)
    images = random_images(graph, 1)
    quantized = next(node.inputs[0] for node in graph.nodes if node.name == graph.nodes[-1].name)
    real = execute(graph, {"image": images}, keep=[quantized, graph.nodes[0].name])
    before = to_real(real[graph.nodes[0].name], graph.types[graph.nodes[0].name])
    expected = np.clip(
        {"Round": np.rint, "Floor": np.floor, "Ceil": np.ceil}[rounding](before / np.float32(0.37)), -8, 7
    )
    np.testing.assert_array_equal(real[quantized], expected)


def changed(model: onnx.ModelProto, name: str, array: np.ndarray) -> onnx.ModelProto:
    """With another array in place of the constant `name`."""
    tensor = next(t for t in model.graph.initializer if t.name == name)
    tensor.CopyFrom(onnx.numpy_helper.from_array(array.astype(onnx.numpy_helper.to_array(tensor).dtype), name))
    return model


def test_a_search_among_bounds_in_any_order_is_what_the_runtime_makes_of_it() -> None:
    graph = network(thresholds(4, 13), X)
    model = changed(emit_qcdq(graph), "act/thresholds", RNG.integers(-90000, 90000, 4 * 15))
    again, images = import_qonnx(model), random_images(graph, 2)
    (expected,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": to_real(images, X)})
    (found,) = execute(again, {"x": images}).values()
    np.testing.assert_array_equal(to_real(found, again.types[again.outputs[0]]), expected)


def test_a_search_that_rises_and_falls_is_refused() -> None:
    model = changed(emit_qcdq(network(thresholds(4, 13), X)), "act/bit_0/weight", np.array(-1))
    with pytest.raises(GraphError, match="both rises and falls"):
        import_qonnx(model)


@pytest.mark.parametrize("scale", [0.5, float(np.float32(0.0371))])
def test_an_input_of_more_than_eight_bits_is_read_back(scale: float) -> None:
    graph = network(OPERATORS["multiplication"], TensorType((3, 5, 4), -300, 400, (scale,)))
    again = assert_read_back(graph)
    assert [(kind.lo, kind.hi, kind.scale) for kind in again.inputs.values()] == [(-300, 400, (scale,))]


def test_a_cast_that_overflows_is_refused() -> None:
    net = QonnxNet(1, 3, 4, 4)
    x = net.op("Mul", net.quant("image", 1.0), net.const(2.0**28))
    whole = net.op("Cast", net.op("Cast", x, to=TensorProto.INT32), to=TensorProto.FLOAT)
    model = net.model(net.conv(whole, RNG.integers(-7, 8, (2, 3, 1, 1))))
    with pytest.raises(GraphError, match="casts numbers to int32 that it does not hold"):
        import_qonnx(model)
