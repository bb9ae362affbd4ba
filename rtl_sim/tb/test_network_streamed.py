"""A network with weights from memory: exact, at the predicted rate, beside a branch that has to wait for it."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, IntArray, execute
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.split import Split
from codesign.schedule import Schedule
from codesign.targets import Target, load_target
from rtl_sim.tb.network_builder import Builder
from tests.designs import designed

CACHE = Path(__file__).parent / "sim_build"
FRAMES = 3


@cache
def network(height: int = 12, width: int = 10) -> Graph:
    b = Builder(3, height, width)
    x = b.conv("stem", "image", 3, 64, kernel=3)
    x = b.conv("wide", x, 64, 384, shift=7)
    halves = b.add("unit.split", Split((192, 192)), x)
    y = b.depthwise("unit.depthwise", b.conv("unit.expand", f"{halves}.1", 192, 192, shift=8), 192)
    x = b.add("unit.concat", Concat(), f"{halves}.0", b.conv("unit.project", y, 192, 192, shift=8))
    return b.graph(b.conv("head", x, 384, 12, shift=8, lo=-128, hi=127))


@cache
def frames() -> IntArray:
    return np.random.default_rng(2).integers(0, 256, (FRAMES, 3, 12, 10)).astype(np.int32)


def small_board() -> Target:
    """Its block RAM would be filled twice by the weights alone."""
    board = load_target("pynq-z2")
    return board.model_copy(update={"resources": board.resources.model_copy(update={"bram36": 8, "lut": 5000})})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[RtlProject, Schedule]:
    design = designed(network(), small_board(), fps=260, streaming=True)
    return emit_rtl(design, tmp_path_factory.mktemp("streamed") / "rtl"), design.schedule


def inexact(project: RtlProject, stall: float = 0.0, seed: int = 0) -> tuple[list[str], int]:
    """Tensors that differ from the executor's, and the interval."""
    result = simulate(project.folder, network(), frames(), stall=stall, seed=seed, cache=CACHE)
    assert set(result.values) == {stream.tensor for stream in project.tensors}
    expected = execute(network(), {"image": frames()}, list(network().types))
    wrong = [name for name, values in result.values.items() if not np.array_equal(values, expected[name])]
    return wrong, result.interval_cycles


def test_weights_from_memory_give_every_tensor_at_the_predicted_rate(project: tuple[RtlProject, Schedule]) -> None:
    made, plan = project
    assert {region.node for region in made.weights} == {"wide", "unit.expand", "unit.project"}
    wrong, interval = inexact(made)
    assert wrong == []
    assert interval == pytest.approx(plan.interval_cycles, rel=0.01)  # a frame varies by a group of outputs


@pytest.mark.parametrize(("stall", "seed"), [(0.2, 1), (0.6, 2)])
def test_a_slow_memory_and_back_pressure_neither_stop_nor_change_the_network(
    project: tuple[RtlProject, Schedule], stall: float, seed: int
) -> None:
    assert inexact(project[0], stall, seed)[0] == []


def test_a_changed_bit_of_the_weight_file_changes_the_result(project: tuple[RtlProject, Schedule]) -> None:
    made, _ = project
    file = made.folder / "weights.bin"
    sound = file.read_bytes()
    file.write_bytes(bytes([sound[0], sound[1] ^ 1]) + sound[2:])
    try:
        assert inexact(made)[0]
    finally:
        file.write_bytes(sound)


def test_frames_of_fewer_pixels_than_are_in_flight_at_once_keep_the_rate_and_the_latency(tmp_path: Path) -> None:
    graph = network(2, 1)
    design = designed(graph, small_board(), fps=2600, streaming=True)
    plan = design.schedule
    assert any(folding.tile > 2 * 2 for folding in plan.foldings.values())
    images = np.random.default_rng(2).integers(0, 256, (12, 3, 2, 1)).astype(np.int32)
    result = simulate(emit_rtl(design, tmp_path / "rtl").folder, graph, images, cache=CACHE)
    (output,) = graph.outputs
    np.testing.assert_array_equal(result.values[output], execute(graph, {"image": images})[output])
    ends = result.passages[output][:, 1]
    assert (ends[8] - ends[2]) / 6 == pytest.approx(plan.interval_cycles, rel=0.02)
    assert result.latency_cycles == pytest.approx(plan.latency_cycles, rel=0.02)
