"""Sums beyond 2^24, which float32 does not hold: exact in the executor and in the standard ONNX."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.errors import GraphError
from codesign.graph import Graph, Node, Op, TensorType, execute
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.depthwise import Depthwise
from codesign.graph.ops.gain_map import GainMap
from codesign.graph.ops.group_conv import GroupConv
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.threshold import Threshold
from codesign.graph.ops.top_k import TopK

RNG = np.random.default_rng(51)
X = TensorType((256, 3, 3), -(1 << 11), (1 << 11) - 1, (0.25,))


def weights(*shape: int) -> np.ndarray:
    """All of one sign, so that sums reach what their type allows."""
    return RNG.integers(100, 128, shape)


LAYERS: dict[str, Callable[[tuple[float, ...]], Op]] = {
    "conv": lambda s: Conv(weights(4, 256, 1, 1), RNG.integers(-(1 << 28), 1 << 28, 4), s),
    "windows": lambda s: Conv(weights(2, 256, 2, 2), np.zeros(2), s, (2, 2), (1, 0, 1, 0)),
    "depthwise": lambda s: Depthwise(weights(256, 1, 3, 3) * 16, np.zeros(256), s, (1, 1), (1, 1, 1, 1)),
    "group_conv": lambda s: GroupConv(weights(4, 128, 1, 1), np.zeros(4), s, groups=2),
    "linear": lambda s: Linear(weights(3, 2304), np.zeros(3), s),
}


def frames(count: int) -> np.ndarray:
    """Random ones, and those of the ends of the range, where sums are largest."""
    ends = [np.full((1, *X.shape), value, np.int32) for value in (X.lo, X.hi)]
    return np.concatenate([*ends, RNG.integers(X.lo, X.hi + 1, (count, *X.shape)).astype(np.int32)])


def assert_exact(graph: Graph, images: np.ndarray) -> dict[str, np.ndarray]:
    """The executor's integers are those of int64, and ONNX Runtime's are the executor's."""
    values = execute(graph, {"x": images}, keep=graph.types)
    shown = run_onnxruntime(emit_qcdq(graph), graph, images, graph.types)
    for name, expected in values.items():
        np.testing.assert_array_equal(shown[name], expected, err_msg=name)
    return values


@pytest.mark.parametrize("scale", [(1.0,), (0.37,)])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_wide_sums_is_exact(name: str, scale: tuple[float, ...]) -> None:
    layer = LAYERS[name](scale)
    (kind,) = layer.infer(X)
    assert kind.magnitude >= 1 << 24
    thresholds = np.sort(RNG.integers(kind.lo, kind.hi, (kind.channels, 15)), axis=1)
    steps = Threshold(thresholds, RNG.choice([-1, 1], kind.channels), -3, 0.7)
    graph = Graph("wide", {"x": X}, (Node("sums", layer, ("x",)), Node("steps", steps, ("sums",))), ("steps", "sums"))
    values = assert_exact(graph, frames(4))
    assert np.abs(values["sums"]).max() >= 1 << 24


def test_the_sums_are_those_of_64_bits() -> None:
    layer = LAYERS["conv"]((1.0,))
    images = frames(6)
    (found,) = layer.execute(images)
    expected = np.einsum("oc,nchw->nohw", layer.weight[:, :, 0, 0].astype(np.int64), images.astype(np.int64))
    np.testing.assert_array_equal(found, expected + layer.bias[:, None, None])


def test_wide_sums_are_shifted_exactly() -> None:
    layer = LAYERS["conv"]((1.0,))
    (kind,) = layer.infer(X)
    requant = Requant(np.array([17]), -128, 127, kind.scale[0] * 2.0**17)
    nodes = (Node("sums", layer, ("x",)), Node("act", requant, ("sums",)))
    assert_exact(Graph("wide", {"x": X}, nodes, ("act",)), frames(8))


def test_wide_sums_are_added_and_averaged_exactly() -> None:
    nodes = (
        Node("pool", AvgPool(9), ("x",)),
        Node("sums", Depthwise(weights(256, 1, 1, 1) * 16, np.zeros(256), (1.0,)), ("pool",)),
        Node("twice", Add(), ("sums", "sums")),
        Node("act", Threshold(np.array([[-(1 << 25), 0, 1 << 27]]), np.ones(1), 0, 0.3), ("twice",)),
    )
    assert_exact(Graph("wide", {"x": X}, nodes, ("act",)), frames(4))


def test_wide_sums_meet_the_gains_of_their_places() -> None:
    nodes = (
        Node("pool", GainMap([90, 95, 99], [97, 99, 98], 36), ("x",)),
        Node("act", Threshold(np.array([[-(1 << 25), 0, 1 << 25]]), np.ones(1), 0, 0.3), ("pool",)),
    )
    assert_exact(Graph("wide", {"x": X}, nodes, ("act",)), frames(4))


@pytest.mark.parametrize("k", [1, 4])
def test_the_largest_of_wide_sums_are_found(k: int) -> None:
    nodes = (Node("sums", LAYERS["conv"]((1.0,)), ("x",)), Node("classes", TopK(k), ("sums",)))
    assert_exact(Graph("wide", {"x": X}, nodes, ("classes",)), frames(6))


def test_sums_beyond_32_bits_are_refused() -> None:
    with pytest.raises(GraphError, match="beyond what 32 bits hold"):
        Conv(weights(1, 256, 3, 3), np.zeros(1)).infer(TensorType((256, 3, 3), 0, (1 << 16) - 1))


def test_what_has_no_nodes_for_wide_sums_is_refused_by_name() -> None:
    nodes = (Node("sums", LAYERS["conv"]((1.0,)), ("x",)), Node("pool", MaxPool((2, 2), (1, 1)), ("sums",)))
    with pytest.raises(GraphError, match="node pool: reads sums of more than 24 bits"):
        emit_qcdq(Graph("wide", {"x": X}, nodes, ("pool",)))
