"""A whole network of all operators through the compiled simulation: every tensor, every frame, the predicted rate."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, IntArray, execute
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.linear import Linear
from codesign.graph.ops.maxpool import MaxPool
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.shuffle import Shuffle
from codesign.graph.ops.split import Split
from codesign.graph.ops.upsample import Upsample
from codesign.schedule import Schedule
from rtl_sim.tb.network_builder import Builder
from tests.designs import designed

CACHE = Path(__file__).parent / "sim_build"
FRAMES = 3
RATES = {"fastest": None, "moderate": 20_000.0, "slow": 6_000.0}
"""Frames a second at the board's clock; each gives other foldings, adapters and FIFOs."""


@cache
def network() -> Graph:
    b = Builder(3, 24, 20)
    x = b.conv("stem", "image", 3, 10, kernel=3, stride=2)
    x = b.add("pool", MaxPool((3, 3), (1, 1), (1, 1, 1, 1)), x)
    halves = b.add("unit.split", Split((4, 6)), x)
    y = b.conv("unit.expand", f"{halves}.1", 6, 7)
    y = b.depthwise("unit.depthwise", y, 7)
    y = b.conv("unit.project", y, 7, 6)
    x = b.add("unit.concat", Concat(), f"{halves}.0", y)
    x = b.add("unit.shuffle", Shuffle(2), x)
    y = b.conv("residual.conv", x, 10, 10, kernel=3, lo=-128, hi=127, shift=5)
    x = b.quantized("residual.add", Add(), x, y, shift=0)
    left = b.conv("down.left.expand", b.depthwise("down.left.depthwise", x, 10, stride=2), 10, 7)
    y = b.depthwise("down.right.depthwise", b.conv("down.right.reduce", x, 10, 7), 7, stride=2)
    x = b.add("down.concat", Concat(), left, b.conv("down.right.expand", y, 7, 7))
    x = b.grouped("down.grouped", x, 14, 14, groups=7)
    x = b.conv("decoder.pointwise", x, 14, 9)
    s = b.conv("decoder.dilation", x, 9, 1, offset=-160, lo=-3, hi=3, shift=5)
    bias = b.rng.integers(-200, 200, 9)
    x = b.quantized("decoder.deform", Deform(b.weights(9, 1, 3, 3), bias, (2.0**-4,)), x, s)
    x = b.add("decoder.upsample", Upsample(2), x)
    y = b.conv("heat.conv", x, 9, 5, kernel=3, lo=-128, hi=127, shift=4)
    heat = b.add("heat.peak", Peak(-60, -128), y)
    y = b.depthwise("class.depthwise", x, 9, stride=2)
    y = b.depthwise("class.again", y, 9, stride=2)
    y = b.grouped("class.grouped", y, 9, 6, groups=3, kernel=1)
    bias = b.rng.integers(-200, 200, 6)
    scores = b.add("class.linear", Linear(b.weights(6, 6 * 3 * 3), bias), y)
    y = b.quantized("class.average", AvgPool(16), y, shift=4)
    return b.graph(heat, scores, b.add("class.pooled", Linear(b.weights(6, 6), bias), y))


@cache
def frames() -> IntArray:
    return np.random.default_rng(2).integers(0, 256, (FRAMES, 3, 24, 20)).astype(np.int32)


@cache
def expected() -> dict[str, IntArray]:
    return execute(network(), {"image": frames()}, list(network().types))


@pytest.fixture(scope="module", params=RATES)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Schedule]:
    design = designed(network(), fps=RATES[request.param])
    return emit_rtl(design, tmp_path_factory.mktemp(request.param) / "rtl").folder, design.schedule


def test_the_network_runs_at_the_predicted_rate_and_every_tensor_is_exact(
    project: tuple[Path, Schedule], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder, plan = project
    waves = tmp_path / "network.fst" if request.config.getoption("--waves") else None
    result = simulate(folder, network(), frames(), cache=CACHE, waves=waves)
    if waves:
        print(f"waveform: {waves}")
    assert [name for name in network().types if not np.array_equal(result.values[name], expected()[name])] == []
    assert result.interval_cycles == pytest.approx(plan.interval_cycles, rel=0.00015)
    assert result.latency_cycles == pytest.approx(plan.latency_cycles, rel=0.0064)


@pytest.mark.parametrize(("stall", "seed"), [(0.1, 1), (0.5, 2), (0.9, 3)])
def test_random_back_pressure_neither_stops_nor_changes_the_network(
    project: tuple[Path, Schedule], stall: float, seed: int
) -> None:
    result = simulate(project[0], network(), frames(), stall=stall, seed=seed, cache=CACHE)
    assert [name for name in network().types if not np.array_equal(result.values[name], expected()[name])] == []
