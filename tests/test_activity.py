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

SIZE, CHANNELS = 3, 64


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """As much of a build as a report needs: a convolution with its weights in block RAM, and its requantization."""
    rng = np.random.default_rng(2)
    conv = Conv(rng.integers(-7, 8, (CHANNELS, CHANNELS, 1, 1)), rng.integers(-99, 99, CHANNELS), (2.0**-6,))
    nodes = (Node("conv", conv, ("image",)), Node("act", Requant(np.array([6]), 0, 255, 1.0), ("conv",)))
    graph = Graph("one", {"image": TensorType((CHANNELS, SIZE, SIZE), 0, 255)}, nodes, ("act",))
    fps = load_target("pynq-z2").clock_mhz * 1e6 / (CHANNELS * CHANNELS * SIZE * SIZE)
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
    pairs = zip(found["assumed"].blocks, found["random"].blocks, strict=True)
    with_memory = [(a.energy.memory, b.energy.memory) for a, b in pairs if a.energy.memory.high_uj]
    assert with_memory
    for before, after in with_memory:
        assert after.high_uj / after.low_uj == pytest.approx(before.high_uj / before.low_uj)


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


SAIF = """(SAIFILE
(INSTANCE TOP
 (INSTANCE network
  (INSTANCE dut
   (NET
    (aclk (T0 500) (T1 500) (TX 0) (TC 400))
   )
   (INSTANCE conv
    (NET
     (clk_i (T0 500) (T1 500) (TX 0) (TC 400))
     (WIDTH (T0 0) (T1 1000) (TX 0) (TC 0))
     (word\\[0\\] (T0 600) (T1 400) (TX 0) (TC 30))
     (word\\[1\\] (T0 600) (T1 400) (TX 0) (TC 10))
    )
    (INSTANCE mac
     (NET
      (x_i (T0 600) (T1 400) (TX 0) (TC 50))
      (w_i (T0 600) (T1 400) (TX 0) (TC 70))
      (sum_o (T0 600) (T1 400) (TX 0) (TC 20))
     )
    )
    (INSTANCE memory
     (NET
      (BLOCK (T0 0) (T1 1000) (TX 0) (TC 0))
      (ren_i (T0 900) (T1 100) (TX 0) (TC 4))
      (wen_i (T0 950) (T1 50) (TX 0) (TC 4))
      (data_o (T0 600) (T1 400) (TX 0) (TC 12))
     )
    )
   )
   (INSTANCE conv_probe
    (NET
     (word (T0 600) (T1 400) (TX 0) (TC 99))
    )
   )
  )
 )
)
)
"""
"""Activity in 200 cycles of 5 units of time."""


def test_changes_operands_and_accesses_of_an_instance_are_those_of_all_below_it(tmp_path):
    file = tmp_path / "design.saif"
    file.write_text(SAIF)
    found = changes(file)
    assert set(found) == {"conv"}
    conv = found["conv"]
    assert (conv.bits, conv.changes) == (8, 30 + 10 + 50 + 70 + 20 + 4 + 4 + 12)
    assert (conv.operand_bits, conv.operand_changes) == (2, 120)
    assert (conv.memories, conv.accesses) == (1, (100 + 50) / 5)
    assert (conv.each, conv.each_operand, conv.each_memory) == (200 / 8, 60, 30)


def test_a_file_whose_clock_stands_still_is_refused(tmp_path):
    file = tmp_path / "still.saif"
    file.write_text(SAIF.replace("(TC 400)", "(TC 0)"))
    with pytest.raises(ToolError, match="no activity of a design"):
        changes(file)


def test_a_file_without_a_design_is_refused(tmp_path):
    file = tmp_path / "empty.saif"
    file.write_text("(SAIFILE\n)\n")
    with pytest.raises(ToolError, match="no activity of a design"):
        changes(file)
