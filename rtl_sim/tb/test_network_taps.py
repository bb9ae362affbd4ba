"""A network in which windows come several taps at once, a pixel a cycle: exact, at the predicted rate and latency."""

from pathlib import Path

import numpy as np
import pytest

from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, execute
from codesign.graph.ops.add import Add
from codesign.graph.ops.maxpool import MaxPool
from rtl_sim.tb.network_builder import Builder
from tests.designs import designed

CACHE = Path(__file__).parent / "sim_build"
FRAMES = 4


def network() -> Graph:
    """Strides, residual connections, dense, grouped and depthwise windows."""
    b = Builder(2, 14, 18)
    x = b.conv("stem", "image", 2, 4, kernel=3)
    y = b.conv("residual.conv", x, 4, 4, kernel=3, lo=-128, hi=127, shift=5)
    x = b.quantized("residual.add", Add(), x, y, shift=0)
    y = b.depthwise("second.depthwise", x, 4)
    x = b.quantized("second.add", Add(), x, y, shift=0)
    x = b.add("pool", MaxPool((2, 2), (2, 2), (0, 0, 0, 0)), x)
    x = b.grouped("grouped", x, 4, 6, groups=2)
    x = b.depthwise("down.depthwise", x, 6, stride=2)
    return b.graph(b.conv("head", x, 6, 2, kernel=3))


@pytest.mark.parametrize(("cycles", "several"), [(None, 4), (800, 3)])
def test_several_taps_at_once_keep_interval_and_latency(cycles: int | None, several: int, tmp_path: Path) -> None:
    graph = network()
    design = designed(graph, "zcu104", fps=cycles and 1e6 * 200 / cycles, clock_mhz=200.0)
    plan = design.schedule
    assert sum(folding.taps > 1 for folding in plan.foldings.values()) >= several
    frames = np.random.default_rng(2).integers(0, 256, (FRAMES, *graph.inputs["image"].shape)).astype(np.int32)
    result = simulate(emit_rtl(design, tmp_path / "rtl").folder, graph, frames, cache=CACHE)
    expected = execute(graph, {"image": frames}, list(graph.types))
    assert [name for name in graph.types if not np.array_equal(result.values[name], expected[name])] == []
    assert result.interval_cycles == plan.interval_cycles
    assert result.latency_cycles == pytest.approx(plan.latency_cycles, rel=0.0064)
