"""What simulations are told and what is read of their account: with a stand-in for the harness, without a compiler."""

import numpy as np
import pytest

from codesign.emit.rtl.drive import drive_blocks
from codesign.emit.rtl.harness_report import run_harness
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.protocol import Violation
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.traffic import demanding, frames_of
from codesign.errors import GraphError, ToolError
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.verification.findings import Findings
from codesign.verification.stages.netlist import _both
from codesign.verification.stages.rtl import Simulated
from tests.designs import built, designed
from tests.harness_standin import stand_in, use

IMAGE = TensorType((2, 3, 4), 0, 255)


def network(*outputs):
    """A pointwise convolution and its requantization for each output, and behind those of `heat` a test of peaks."""
    nodes = []
    for name in outputs:
        made = "raw" if name == "heat" else name
        nodes.append(Node(f"{made}.conv", Conv(np.ones((2, 2, 1, 1), int), np.zeros(2, int), (0.5,)), ("image",)))
        nodes.append(Node(made, Requant(np.array([1]), -128, 127, 1.0), (f"{made}.conv",)))
        if name == "heat":
            nodes.append(Node("heat", Peak(-100, -128), ("raw",)))
    return Graph("network", {"image": IMAGE}, tuple(nodes), outputs)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return built(designed(network("map")), tmp_path_factory.mktemp("harness") / "build")


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    design = designed(network("heat", "size", "offset"), sparse=True)
    return design, built(design, tmp_path_factory.mktemp("sparse") / "build").rtl


def frames(count, kind=IMAGE):
    return np.zeros((count, *kind.shape), np.int32)


def numbered(count, kind):
    """Frames as the stand-in makes them: all values of each are its number."""
    return np.broadcast_to(np.arange(count)[:, None, None, None], (count, *kind.shape))


def test_a_simulation_tells_values_interval_and_latency(build, tmp_path, monkeypatch):
    use(monkeypatch, stand_in(tmp_path, interval=70, latency=99))
    found = simulate(build.rtl, build.graph, frames(3))
    assert all(np.array_equal(found.values[name], numbered(3, build.graph.types[name])) for name in ("map.conv", "map"))
    assert (found.interval_cycles, found.latency_cycles, found.cycles) == (70, 99, 9999)


def test_a_simulation_that_stands_still_is_an_error(build, tmp_path, monkeypatch):
    use(monkeypatch, stand_in(tmp_path, end="deadlock 777"))
    with pytest.raises(ToolError, match=r"deadlock at cycle 777; offered and not taken: image \(3 beats\)"):
        simulate(build.rtl, build.graph, frames(3))


def test_frames_that_the_input_does_not_take_are_never_simulated(build, tmp_path, monkeypatch):
    use(monkeypatch, stand_in(tmp_path))
    with pytest.raises(GraphError, match=r"input 'image' has shape \(3, 2, 3, 3\), expected \(N, 2, 3, 4\)"):
        simulate(build.rtl, build.graph, frames(3)[..., :3])
    with pytest.raises(GraphError, match=r"input 'image' has values outside \[0, 255\]"):
        simulate(build.rtl, build.graph, frames(3) - 1)


def test_a_simulation_that_says_nothing_has_failed(build, tmp_path):
    program = tmp_path / "silent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "project").mkdir()
    with pytest.raises(ToolError, match="the simulation failed: status 0"):
        run_harness(program, tmp_path / "run.txt", RtlProject.load(build.rtl))


@pytest.mark.parametrize("images", [1, 5])
def test_every_frame_of_the_demanding_traffic_is_shown_with_its_image(build, tmp_path, monkeypatch, images):
    project = RtlProject.load(build.rtl)
    use(monkeypatch, stand_in(tmp_path, interval=project.interval_cycles))
    shown = Simulated(build, project, frames(images), ["map"])
    values = np.concatenate([part["map"] for part in shown])
    count = frames_of(demanding(project, images, shown.latency))
    assert np.array_equal(values, numbered(count, build.graph.types["map"]))
    assert list(shown.order) == [frame % images for frame in range(count)]
    assert shown.findings.frames == count and not shown.stopped


@pytest.mark.parametrize(("slower", "good"), [(0, True), (1, False)])
def test_a_design_must_be_as_fast_as_its_schedule_says(build, tmp_path, monkeypatch, slower, good):
    project = RtlProject.load(build.rtl)
    use(monkeypatch, stand_in(tmp_path, interval=project.interval_cycles + slower))
    shown = Simulated(build, project, frames(1), ["map"])
    list(shown)
    assert shown.findings.good == good
    assert shown.findings.interval.measured == project.interval_cycles + slower


def test_all_blocks_are_driven_with_their_frames_and_the_outputs_recorded(build, tmp_path, monkeypatch):
    use(monkeypatch, stand_in(tmp_path))
    types = build.graph.types
    driven = drive_blocks(build.rtl, {name: frames(2, kind) for name, kind in types.items()}, dict.fromkeys(types, 3))
    assert {name: len(made) for name, made in driven.made.items()} == dict.fromkeys(types, 3)
    assert driven.left.keys() == {"map"}
    assert np.array_equal(driven.left["map"], numbered(2, types["map"]))
    assert (driven.cycles, driven.violations) == (9999, ())


def test_records_say_where_the_given_maps_have_no_peak(sparse, tmp_path, monkeypatch):
    use(monkeypatch, stand_in(tmp_path))
    design, rtl = sparse
    types = design.graph.types
    given = {name: frames(2, kind) + 5 for name, kind in types.items()}
    driven = drive_blocks(rtl, given, dict.fromkeys(types, 2), heads=design.heads)
    assert driven.left.keys() == {"heat", "size", "offset"} and not driven.violations
    assert (driven.left["heat"] == -128).all()
    assert np.array_equal(driven.left["size"], given["size"])
    assert not drive_blocks(rtl, given, dict.fromkeys(types, 2)).left


def test_findings_of_netlists_are_those_of_the_blocks_and_of_all_together():
    late, wrong = Violation("a", "late", 3, 0), Violation("b", "wrong", 4, 1)
    both = _both(Findings((late,), 3), Findings((wrong,), 5))
    assert both == Findings((late, wrong), 8)
    assert _both(Findings((late,), 3), None) == Findings((late,), 3)
