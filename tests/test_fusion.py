"""A convolution and its requantization fused into one block compute what they did, under the names that they had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.emit.onnx import emit_qcdq, run_onnxruntime
from codesign.errors import GraphError
from codesign.graph import Graph, Node, Op, TensorType, execute, load, save
from codesign.graph.ops.add import Add
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.conv_tile import ConvTile
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.threshold import Threshold
from codesign.graph.reals import random_integers
from codesign.graph.store import digest
from codesign.reporting.summarize import summarize
from codesign.schedule.fusion import fused, pairs
from codesign.schedule.problem import Problem, Sums, adapter
from codesign.targets import load_target
from tests.designs import built, designed
from tests.streamed import network

RNG = np.random.default_rng(3)
NAMES = ("conv1", "conv2")


def frames() -> dict[str, np.ndarray]:
    return {name: random_integers(np.random.default_rng(5), kind, 2) for name, kind in network().inputs.items()}


def conv(kernel: int = 1, stride: int = 1) -> Conv:
    return Conv(RNG.integers(-7, 8, (2, 2, kernel, kernel)), RNG.integers(-9, 9, 2), stride=(stride, stride))


def requant() -> Requant:
    return Requant(np.array([3]), 0, 255, 8.0)


def graph_of(first: Op, second: Op, *more: Node, outputs: tuple[str, ...] = ("quant",)) -> Graph:
    nodes = (Node("conv", first, ("x",)), Node("quant", second, ("conv",)), *more)
    return Graph("net", {"x": TensorType((2, 4, 4), 0, 255)}, nodes, outputs)


def test_every_tensor_but_the_sums_stays_as_it_was() -> None:
    graph, made = network(), fused(network(), NAMES)
    assert [node.op.kind for node in made.nodes] == ["conv", "requant", "conv_tile", "conv_tile"]
    assert made.types == {name: kind for name, kind in graph.types.items() if name not in NAMES}
    assert (made.macs, made.outputs) == (graph.macs, graph.outputs)
    expected, found = execute(graph, frames(), made.types), execute(made, frames(), made.types)
    for name in made.types:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_a_fused_block_is_told_by_its_own_weights_and_the_sums_within_it() -> None:
    graph, made = network(), fused(network(), NAMES)
    for name in NAMES:
        one, both = graph.node(name), made.node(name)
        assert both.op.parameters() == one.op.parameters()
        assert both.op.sums(*made.input_types(both)) == graph.types[name]


def test_only_what_is_named_is_fused() -> None:
    assert [node.op.kind for node in fused(network(), ("conv2",)).nodes].count("conv_tile") == 1
    assert fused(network(), ()) is network()


def test_what_is_fused_already_stays_so() -> None:
    made = fused(network(), ("conv2",))
    assert fused(made, ("conv2",)) is made
    assert fused(made, NAMES).types == fused(network(), NAMES).types


@pytest.mark.parametrize(
    "graph",
    [
        graph_of(conv(kernel=3), requant()),
        graph_of(conv(stride=2), requant()),
        graph_of(conv(), Threshold(np.array([[0, 9]]), np.array([1]), 0, 1.0)),
        graph_of(conv(), requant(), outputs=("quant", "conv")),
        graph_of(conv(), requant(), Node("sum", Add(), ("conv", "conv")), outputs=("quant", "sum")),
    ],
    ids=["a larger kernel", "a stride", "thresholds", "sums that leave", "sums with more readers"],
)
def test_other_convolutions_are_refused_by_name(graph: Graph) -> None:
    assert pairs(graph) == ()
    with pytest.raises(GraphError, match=r"node conv: .*no pointwise convolution"):
        fused(graph, ("conv",))


def test_a_stride_or_a_larger_kernel_is_no_tile_of_pixels() -> None:
    for op in (conv(kernel=3), conv(stride=2)):
        with pytest.raises(GraphError, match="pointwise"):
            ConvTile.of(op, requant())
    with pytest.raises(GraphError, match="pointwise"):
        ConvTile(conv(kernel=3).weight, np.zeros(2), (1.0,), np.array([3]), 0, 255, 8.0)


def test_a_fused_graph_can_be_stored(tmp_path: Path) -> None:
    made = fused(network(), NAMES)
    save(made, tmp_path / "graph.npz")
    again = load(tmp_path / "graph.npz")
    assert digest(again) == digest(made) != digest(network())
    assert again.types == made.types


def test_standard_onnx_of_a_fused_graph_is_exact() -> None:
    made = fused(network(), NAMES)
    (images,) = frames().values()
    expected = execute(made, frames(), made.types)
    for name, values in run_onnxruntime(emit_qcdq(made), made, images, list(made.types)).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_the_halves_of_a_fused_block_fit_each_other_only() -> None:
    problem = Problem(network(), most_multipliers=24, streaming=True)
    (link,) = (link for link in problem.links if link.producer == "conv1")
    writers, readers = problem.candidates["conv1"], problem.candidates["quant1"]
    blocks = [c for c in writers if c.part == "fused"]
    assert {c.leaves for c in blocks} == {c.enters for c in readers if c.part == "within"} != set()
    for block in blocks:
        for reader in readers:
            fits = adapter(link, block.leaves[0], reader.enters[0]) is not None
            assert fits == (reader.part == "within" and reader.lanes.inputs == block.lanes.outputs)
    assert adapter(link, 2, Sums(2)) is None


def test_a_report_has_a_fused_block_as_one(tmp_path: Path) -> None:
    target = load_target("pynq-z2")
    small = target.model_copy(update={"resources": target.resources.model_copy(update={"bram36": 4, "lut": 3500})})
    design = designed(network(), small, fps=8000, streaming=True)
    plan = design.schedule
    tiled = {name for name, folding in plan.foldings.items() if folding.tile}
    assert tiled == {"conv1"}
    found = summarize(design, built(design, tmp_path / "build"))
    assert [block.name for block in found.blocks] == [node.name for node in fused(network(), tiled).nodes]
    (block,) = (block for block in found.blocks if block.name == "conv1")
    assert block.operator == "conv_tile"
    assert [tensor.name for tensor in block.outputs] == ["quant1"]
    assert block.resources.lut == plan.blocks["conv1"].lut
    assert found.totals.macs == network().macs
