"""Where blocks take turns with their writers (small rings, groups), the schedule knows the rate, and what must wait."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.design import design_of
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, execute
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.split import Split
from codesign.hardware.folding import Folding
from codesign.plugins import load
from codesign.schedule import Schedule, schedule
from codesign.schedule.edges import Edge
from codesign.schedule.fifos import FRAMES as FOLLOWED
from codesign.schedule.fifos import fifo_depths
from codesign.schedule.flow import Network
from codesign.schedule.record import Fifo
from codesign.targets import load_target
from rtl_sim.tb.network_builder import Builder

BOARD = load_target("pynq-z2")
CACHE = Path(__file__).parent / "sim_build"
FRAMES = 4
CHANNELS, SLACK = 6, 2


def network() -> Graph:
    b = Builder(8, 12, 16)
    return b.graph(b.depthwise("depthwise", b.conv("reduce", "image", 8, CHANNELS), CHANNELS, stride=2))


def folded(graph: Graph, plan: Schedule, foldings: dict[str, Folding]) -> Schedule:
    """`plan` with other foldings of some blocks, and without FIFOs."""
    lanes, blocks = dict(plan.lanes), dict(plan.blocks)
    for name, folding in foldings.items():
        node = graph.node(name)
        types = (graph.input_types(node), graph.output_types(node))
        lanes |= dict(
            zip(
                graph.output_names(node),
                load("codesign.hardware.ops", node.op.kind).lanes(node.op, *types, folding).outputs,
                strict=True,
            )
        )
        blocks[name] = load("codesign.cost.ops", node.op.kind).cost(node.op, *types, folding)
    return replace(plan, foldings={**plan.foldings, **foldings}, lanes=lanes, blocks=blocks, fifos={})


@pytest.mark.parametrize("slack", [0, SLACK])
def test_a_block_with_a_small_ring_behind_a_slow_one_keeps_the_rate_that_is_promised(slack, tmp_path):
    graph = network()
    found = schedule(graph, BOARD, fps=20_000)
    plan = folded(graph, found, {"reduce": Folding(3, 1), "depthwise": Folding(1, 1, slack=slack, buffer="lut")})
    images = np.random.default_rng(0).integers(0, 256, (FRAMES, 8, 12, 16)).astype(np.int32)
    run = simulate(emit_rtl(design_of(graph, BOARD, plan), tmp_path / "rtl").folder, graph, images, cache=CACHE)
    (output,) = graph.outputs
    np.testing.assert_array_equal(run.values[output], execute(graph, {"image": images})[output])
    writer, reader = plan.blocks["reduce"], plan.blocks["depthwise"]
    alone = max(writer.interval_cycles, reader.interval_cycles)
    if slack:
        assert alone < run.interval_cycles <= reader.sustained_cycles
    else:
        assert run.interval_cycles == pytest.approx(alone, rel=0.01)


@pytest.mark.parametrize("with_fifo", [True, False])
def test_the_rows_of_a_small_ring_wait_for_a_slow_block_behind_it(with_fifo, tmp_path):
    b = Builder(8, 12, 16)
    reduced = b.depthwise("depthwise", b.conv("reduce", "image", 8, CHANNELS), CHANNELS, stride=2)
    graph = b.graph(b.conv("expand", reduced, CHANNELS, 17))
    foldings = {"reduce": Folding(3, 1), "depthwise": Folding(1, 1, slack=SLACK, buffer="lut"), "expand": Folding(1, 1)}
    plan = folded(graph, schedule(graph, BOARD, fps=15_000), foldings)
    interval = plan.blocks["depthwise"].sustained_cycles
    assert 0.9 * interval < plan.blocks["expand"].interval_cycles < interval
    if with_fifo:
        plan = replace(plan, fifos=fifos(graph, plan, interval))
    images = np.random.default_rng(0).integers(0, 256, (FRAMES, 8, 12, 16)).astype(np.int32)
    run = simulate(
        emit_rtl(design_of(graph, BOARD, plan), tmp_path / "rtl").folder, graph, images, tensors=(), cache=CACHE
    )
    assert (run.interval_cycles <= interval) == with_fifo


@pytest.mark.parametrize("with_fifo", [True, False])
def test_less_than_a_pixel_behind_a_small_ring_holds_up_a_writer_without_a_pause(with_fifo, tmp_path):
    b = Builder(8, 8, 8)
    reduced = b.depthwise("depthwise", b.conv("reduce", "image", 8, 96), 96, stride=2)
    graph = b.graph(b.conv("expand", reduced, 96, 15))
    foldings = {"reduce": Folding(4, 1), "depthwise": Folding(3, 3, slack=4, buffer="lut"), "expand": Folding(1, 2)}
    plan = folded(graph, schedule(graph, BOARD, fps=8_000), foldings)
    interval = plan.blocks["reduce"].interval_cycles
    assert max(plan.blocks["depthwise"].sustained_cycles, plan.blocks["expand"].interval_cycles) < 0.95 * interval
    if with_fifo:
        plan = replace(plan, fifos=fifos(graph, plan, interval))
    images = np.random.default_rng(0).integers(0, 256, (FRAMES, 8, 8, 8)).astype(np.int32)
    run = simulate(
        emit_rtl(design_of(graph, BOARD, plan), tmp_path / "rtl").folder, graph, images, tensors=(), cache=CACHE
    )
    assert (run.interval_cycles == interval) is with_fifo


def fifos(graph: Graph, plan: Schedule, interval: int) -> dict[Edge, Fifo]:
    lanes = {}
    for node in graph.nodes:
        types = graph.input_types(node), graph.output_types(node)
        lanes[node.name] = load("codesign.hardware.ops", node.op.kind).lanes(node.op, *types, plan.foldings[node.name])
    inputs = {name: plan.lanes[name] for name in graph.inputs}
    depths = fifo_depths(Network(graph, plan.blocks, lanes, inputs, frames=FOLLOWED), interval)
    return {edge: Fifo(depth, "lut") for edge, depth in depths.items()}


@pytest.mark.parametrize("with_fifo", [True, False])
def test_groups_in_turn_wait_behind_a_split_that_passes_their_channels_at_once(with_fifo, tmp_path):
    b = Builder(32, 6, 6)
    halves = b.add("split", Split((16, 16)), "image")
    grouped = b.grouped("grouped", f"{halves}.1", 16, 16, groups=4, kernel=1)
    graph = b.graph(b.add("joined", Concat(), f"{halves}.0", grouped))
    foldings = {"split": Folding(1, 1), "grouped": Folding(2, 1), "joined": Folding(1, 1)}
    plan = folded(graph, schedule(graph, BOARD, fps=10_000), foldings)
    interval = plan.blocks["grouped"].interval_cycles
    assert interval == plan.blocks["split"].interval_cycles
    needed = fifos(graph, plan, interval)
    behind = Edge(f"{halves}.1", "grouped", 0)
    assert 0 < needed[behind].depth < 16
    kept = {edge: fifo for edge, fifo in needed.items() if with_fifo or edge != behind}
    images = np.random.default_rng(0).integers(0, 256, (FRAMES, 32, 6, 6)).astype(np.int32)
    folder = emit_rtl(design_of(graph, BOARD, replace(plan, fifos=kept)), tmp_path / "rtl").folder
    run = simulate(folder, graph, images, tensors=(), cache=CACHE)
    assert (run.interval_cycles == interval) is with_fifo
