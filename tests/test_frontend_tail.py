"""What follows the last integers stays on the host, and computes what the file does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import codesign
from codesign.errors import GraphError
from codesign.frontend.qonnx import import_network
from codesign.frontend.run import run_outputs
from codesign.frontend.run_tail import run_tail
from codesign.graph import execute
from tests.onnx_nets import QonnxNet, random_images

RNG = np.random.default_rng(12)
Build = Callable[[QonnxNet, str], str]


def logits(net: QonnxNet) -> str:
    """Ten sums at a scale that is no power of two."""
    x = net.op("Flatten", net.quant("image", 0.5, 4, signed=1))
    return net.op("MatMul", x, net.weight(RNG.integers(-7, 8, (18, 10)), 0.3))


def normalized(net: QonnxNet, x: str) -> str:
    parts = [net.const(RNG.uniform(0.5, 2, 10)) for _ in range(4)]
    return net.op("BatchNormalization", x, *parts)


def boxes(net: QonnxNet, x: str) -> str:
    """Sizes and places parted, passed through exp and sigmoid, and put together again, as detectors do."""
    bounds = [[net.const([value], np.int64) for value in pair] for pair in ((0, 4), (4, 10))]
    low, high = (net.op("Slice", x, *pair, net.const([1], np.int64)) for pair in bounds)
    return net.op("Concat", net.op("Exp", low), net.op("Sigmoid", high), axis=1)


def top(net: QonnxNet, x: str) -> str:
    x = net.op("Add", x, net.const(0.0171 * np.arange(10)))  # no two alike
    return net.op("TopK", x, net.const([3], np.int64), outputs=2, axis=1)[1]


TAILS: dict[str, Build] = {
    "tensor norm": lambda n, x: n.op("Div", n.op("Sub", x, n.const([0.4488])), n.const([17.8])),
    "batch norm": normalized,
    "softmax": lambda n, x: n.op("Softmax", n.op("Add", x, n.const(RNG.normal(size=10))), axis=1),
    "relu": lambda n, x: n.op("Relu", x),
    "argmax": lambda n, x: n.op("ArgMax", normalized(n, x), axis=1, keepdims=0),
    "top k": top,
    "boxes": boxes,
}  # fmt: skip


@pytest.mark.parametrize("name", TAILS)
def test_a_tail_computes_what_the_file_does(name: str) -> None:
    net = QonnxNet(1, 2, 3, 3)
    output = TAILS[name](net, logits(net))
    model = net.model(output)
    network = import_network(model)
    assert network.tail is not None
    assert [node.op.kind for node in network.graph.nodes] == ["linear"]
    images = random_images(network.graph, 5)
    values = execute(network.graph, {"image": images})
    found = run_tail(network.tail, network.graph, network.tail_inputs, values)
    expected = run_outputs(model, network.graph, images, [output])
    assert found[output].dtype == expected[output].dtype
    np.testing.assert_allclose(found[output], expected[output], rtol=1e-5, atol=1e-5)


def test_a_bias_that_no_integer_expresses_is_added_on_the_host() -> None:
    net = QonnxNet(1, 2, 4, 4)
    x = net.conv(net.quant("image", 0.5, 4), RNG.integers(-7, 8, (3, 2, 3, 3)), 0.3, bias=np.array([0.123, -0.7, 0.01]))
    network = import_network(net.model(x))
    assert network.tail is not None
    assert [node.op_type for node in network.tail.graph.node] == ["Add"]


def test_outputs_that_are_integers_stay_beside_those_of_the_host() -> None:
    net = QonnxNet(1, 2, 3, 3)
    x = logits(net)
    network = import_network(net.model(x, net.op("Sigmoid", x)))
    assert network.graph.outputs == ("matmul",) or len(network.graph.outputs) == 1
    assert set(network.tail_inputs.values()) == set(network.graph.outputs)


def test_what_stands_before_a_layer_is_not_left_to_the_host() -> None:
    net = QonnxNet(1, 2, 4, 4)
    x = net.op("Softmax", net.conv(net.quant("image"), RNG.integers(-3, 4, (2, 2, 1, 1))), axis=1)
    with pytest.raises(GraphError, match=r"node softmax.*Softmax"):
        import_network(net.model(net.quant(x, 1 / 64)))


def test_a_network_of_nothing_but_a_tail_is_refused() -> None:
    net = QonnxNet(1, 2, 4, 4)
    with pytest.raises(GraphError, match="Softmax"):
        import_network(net.model(net.op("Softmax", net.quant("image"), axis=1)))


def test_an_output_that_neither_the_design_nor_the_host_computes_is_refused() -> None:
    net = QonnxNet(1, 2, 4, 4)
    scaled = net.op("Mul", net.conv(net.quant("image"), np.ones((2, 2, 1, 1))), net.const(0.3))
    with pytest.raises(GraphError, match="is not quantized; put a quantizer before the output") as refused:
        import_network(net.model(net.op("MaxPool", scaled, kernel_shape=[2, 2])))
    assert refused.value.where == "output maxpool_4"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tail")
    net = QonnxNet(1, 2, 3, 3)
    onnx.save(net.model(TAILS["softmax"](net, logits(net))), folder / "net.onnx")
    return codesign.export(folder / "net.onnx", folder / "build").folder.path


STAGES = ["qonnx", "onnxruntime", "graph", "tail"]


def test_verify_compares_the_tail_with_the_file(build: Path) -> None:
    verdict = codesign.verify(build, images=3, stages=STAGES)
    assert verdict.exact and [stage.name for stage in verdict.stages] == STAGES
    assert {stage.name: stage.values for stage in verdict.stages}["tail"] == 30


def test_verify_names_the_output_of_a_tail_that_is_wrong(build: Path) -> None:
    tail = onnx.load(build / "tail.onnx")
    (bias,) = (tensor for tensor in tail.graph.initializer if numpy_helper.to_array(tensor).size == 10)
    changed = numpy_helper.to_array(bias) + 1000 * np.eye(10)[4] - 1000 * np.eye(10)[5]
    bias.CopyFrom(numpy_helper.from_array(changed.astype(np.float32), bias.name))
    onnx.save(tail, build / "tail.onnx")
    verdict = codesign.verify(build, images=1, stages=["tail"], changed=True)
    assert not verdict.exact
    assert "output softmax" in str(verdict.stages[0].problem)


def test_a_node_that_reads_its_own_output_is_refused() -> None:
    net = QonnxNet(1, 1, 2, 2)
    x = net.quant("image", 0.5, 4, signed=1)
    model = net.model(net.op("Add", x, x))
    model.graph.node[-1].input[1] = model.graph.node[-1].output[0]
    with pytest.raises(GraphError, match="is read before it is produced"):
        import_network(model)


def test_a_tail_may_be_thousands_of_nodes_long() -> None:
    net = QonnxNet(1, 18)
    x = logits(net)
    for _ in range(1500):
        x = net.op("Sigmoid", x)
    tail = import_network(net.model(x)).tail
    assert tail is not None and len(tail.graph.node) == 1500
