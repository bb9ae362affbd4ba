"""Maps put together through the compiled simulation, whose writers give fewer channels a beat than the join takes."""

from pathlib import Path

import numpy as np
import pytest

from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.graph import Graph, execute
from codesign.graph.ops.concat import Concat
from rtl_sim.tb.network_builder import Builder
from tests.designs import designed

CACHE = Path(__file__).parent / "sim_build"


def network() -> Graph:
    """Two branches of one stem, eight and eight channels, and what both make together."""
    b = Builder(3, 9, 9)
    x = b.conv("stem", "image", 3, 8, kernel=3)
    branches = [b.conv(name, x, 8, 8, kernel=3) for name in ("left", "right")]
    return b.graph(b.conv("last", b.add("both", Concat(), *branches), 16, 4))


def test_a_join_is_not_held_up_by_the_adapters_before_it(tmp_path: Path) -> None:
    graph = network()
    design = designed(graph, fps=100e6 / 729)
    plan = design.schedule
    assert max(plan.lanes["left.quant"], plan.lanes["right.quant"]) < plan.foldings["both"].pe
    images = np.random.default_rng(3).integers(0, 256, (5, 3, 9, 9)).astype(np.int32)
    found = simulate(emit_rtl(design, tmp_path / "rtl").folder, graph, images, cache=CACHE)
    expected = execute(graph, {"image": images}, list(graph.types))
    assert [name for name in graph.types if not np.array_equal(found.values[name], expected[name])] == []
    assert found.interval_cycles == plan.interval_cycles
    assert found.latency_cycles == pytest.approx(plan.latency_cycles, rel=0.01)
