"""Energy by what a simulated frame did, beside energy by assumed rates."""

import numpy as np
import pytest
from rich.console import Console

from codesign.api.report import report, summary_of
from codesign.cost import energy
from codesign.cost.energy import Activity
from codesign.emit.rtl.saif import changes
from codesign.errors import ToolError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.reporting import activity
from codesign.reporting.terminal import print_report
from codesign.schedule import schedule
from codesign.targets import load_target
from codesign.verification.images import random_images
from tests.designs import built, designed

SIZE = 6


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """As much of a build as a report needs: a convolution with its weights in block RAM, and its requantization."""
    rng = np.random.default_rng(2)
    conv = Conv(rng.integers(-7, 8, (16, 16, 1, 1)), rng.integers(-99, 99, 16), (2.0**-6,))
    nodes = (Node("conv", conv, ("image",)), Node("act", Requant(np.array([6]), 0, 255, 1.0), ("conv",)))
    graph = Graph("one", {"image": TensorType((16, SIZE, SIZE), 0, 255)}, nodes, ("act",))
    fps = load_target("pynq-z2").clock_mhz * 1e6 / (256 * SIZE * SIZE)
    return built(designed(graph, fps=fps), tmp_path_factory.mktemp("activity") / "build")


@pytest.fixture(scope="module")
def found(build):
    """The report by assumed rates, by random images, and by images of one colour."""
    (kind,) = build.graph.inputs.values()
    images = {"random": random_images(kind, 2), "plain": np.zeros((2, *kind.shape), np.int32)}
    summaries = {"assumed": summary_of(build)}
    for name, frames in images.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(activity, "verification_images", lambda *_, frames=frames: frames)
            summaries[name] = report(build, activity=True).summary
    return summaries


def test_a_picture_of_one_colour_takes_less_arithmetic_than_a_random_one(found):
    plain, random = (found[name].totals.energy.arithmetic for name in ("plain", "random"))
    assert 0 < plain.high_uj < 0.8 * random.high_uj
    multiplied = [found[name].blocks[0].activity.operand_changes for name in ("plain", "random")]
    assert multiplied[0] < multiplied[1]


def test_activity_scales_what_has_a_rate_and_leaves_the_rest_and_the_uncertainty(found):
    assumed, simulated = found["assumed"].totals, found["random"].totals
    for kind in ("ddr", "clock", "processor", "static"):
        assert getattr(assumed.energy, kind) == getattr(simulated.energy, kind)
    assert simulated.energy.arithmetic != assumed.energy.arithmetic
    for before, after in zip(found["assumed"].blocks, found["random"].blocks, strict=True):
        if before.energy.memory.high_uj:
            spread = before.energy.memory.high_uj / before.energy.memory.low_uj
            assert after.energy.memory.high_uj / after.energy.memory.low_uj == pytest.approx(spread)


def test_the_report_says_what_differs(found):
    simulated = found["random"]
    assert simulated.activity.images == 2
    assert simulated.activity.assumed_incremental == found["assumed"].totals.energy_incremental
    assert 0 < simulated.activity.changes_a_cycle < 1
    console = Console(width=200, record=True)
    print_report(simulated, console)
    assert "bits change in a working cycle, 0.5 are assumed otherwise" in console.export_text()
    assert found["assumed"].activity is None


def test_at_the_assumed_rates_activity_changes_nothing(build):
    graph, plan, pj = build.graph, schedule(build.graph, load_target("pynq-z2"), fps=100), load_target("pynq-z2").energy
    node = graph.nodes[0]
    cost = plan.blocks[node.name]
    changes_a_frame = energy.ASSUMED_CHANGES * cost.interval_cycles
    as_assumed = Activity(
        bit_changes=changes_a_frame,
        operand_changes=energy.ASSUMED_CHANGES * node.op.macs(*graph.input_types(node)) / cost.multipliers,
        memory_accesses=energy.ASSUMED_ACCESSES * cost.interval_cycles,
    )
    with_activity = energy.of_block(graph, node, cost, plan.interval_cycles, pj, as_assumed)
    without = energy.of_block(graph, node, cost, plan.interval_cycles, pj)
    for name in type(without).model_fields:
        assert getattr(with_activity, name).high_uj == pytest.approx(getattr(without, name).high_uj)


def test_a_file_without_a_design_is_refused(tmp_path):
    file = tmp_path / "empty.saif"
    file.write_text("(SAIFILE\n)\n")
    with pytest.raises(ToolError, match="no activity of a design"):
        changes(file)
