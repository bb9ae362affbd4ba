"""Squeeze-and-excitation through the compiled simulation: a map waits for what all of it makes, beside a residual."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, IntArray, execute
from codesign.graph.ops.add import Add
from codesign.graph.ops.avgpool import AvgPool
from codesign.graph.ops.mul import Mul
from codesign.graph.ops.rescale import Rescale
from codesign.schedule import Schedule
from rtl_sim.tb.network_builder import Builder
from tests.designs import designed

CACHE = Path(__file__).parent / "sim_build"
FRAMES = 6
RATES = {"fastest": None, "slow": 6_000.0}


def scaled(b: Builder, name: str, x: str, gate: str) -> str:
    """x times a gate whose 256 is one."""
    return b.add(f"{name}.quant", Rescale([1], [128], [8], 0, 255, 1.0), b.add(name, Mul(), x, gate))


@cache
def network() -> Graph:
    """Two blocks in a row, a gate a pixel between them."""
    b = Builder(3, 10, 9)
    x = b.conv("stem", "image", 3, 8, kernel=3)
    for name in ("first", "second"):
        y = b.conv(f"{name}.expand", x, 8, 12)
        y = b.depthwise(f"{name}.depthwise", y, 12)
        squeezed = b.quantized(f"{name}.average", AvgPool(64), y, shift=6)
        gate = b.conv(f"{name}.fewer", squeezed, 12, 4)
        gate = b.conv(f"{name}.gate", gate, 4, 12, offset=900)
        y = scaled(b, f"{name}.mul", y, gate)
        x = b.quantized(f"{name}.add", Add(), x, b.conv(f"{name}.project", y, 12, 8, lo=-128, hi=127), shift=0)
        if name == "first":
            at = b.conv("at", x, 8, 1, kernel=3, offset=900)
            x = scaled(b, "attended", x, at)
    return b.graph(b.conv("last", x, 8, 5))


@cache
def frames() -> IntArray:
    return np.random.default_rng(2).integers(0, 256, (FRAMES, 3, 10, 9)).astype(np.int32)


@cache
def expected() -> dict[str, IntArray]:
    return execute(network(), {"image": frames()}, list(network().types))


@pytest.fixture(scope="module", params=RATES)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Schedule]:
    design = designed(network(), fps=RATES[request.param])
    return emit_rtl(design, tmp_path_factory.mktemp(request.param) / "rtl").folder, design.schedule


def test_the_network_runs_at_the_predicted_rate_and_every_tensor_is_exact(project: tuple[Path, Schedule]) -> None:
    folder, plan = project
    result = simulate(folder, network(), frames(), cache=CACHE)
    assert [name for name in network().types if not np.array_equal(result.values[name], expected()[name])] == []
    assert result.interval_cycles == pytest.approx(plan.interval_cycles, rel=0.001)
    assert result.latency_cycles == pytest.approx(plan.latency_cycles, rel=0.01)


@pytest.mark.parametrize(("stall", "seed"), [(0.1, 1), (0.7, 2)])
def test_random_back_pressure_neither_stops_nor_changes_the_network(
    project: tuple[Path, Schedule], stall: float, seed: int
) -> None:
    result = simulate(project[0], network(), frames(), stall=stall, seed=seed, cache=CACHE)
    assert [name for name in network().types if not np.array_equal(result.values[name], expected()[name])] == []
