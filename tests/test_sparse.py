"""Sparse output: a detector's peaks leave as records, and say what its maps would."""

import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest

from codesign.board.records import BYTES, END, RecordError, Records
from codesign.cli.main import status
from codesign.emit.rtl.drive import drive_blocks, recorded
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.run_file import values_file
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import GraphError
from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.heads import heads_of
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.peak import Peak
from codesign.graph.ops.requant import Requant
from codesign.progress import silent
from codesign.schedule import schedule
from codesign.targets import load_target
from codesign.verification.blocks import trial_of
from codesign.verification.stages.blocks import compared
from tests.designs import designed
from tests.onnx_nets import QonnxNet

SHAPE, CLASSES = (2, 9, 7), 3


def network(*, size_channels=2, wide=127, brightest=255):
    """Three pointwise heads, so that an even picture has an even heat map; the heat map comes a row late."""
    rng = np.random.default_rng(2)
    nodes = []
    for name, channels, hi in (("raw", CLASSES, 127), ("size", size_channels, wide), ("offset", 2, 15)):
        weight, bias = rng.integers(1, 8, (channels, 2, 1, 1)), rng.integers(-900, -700, channels)
        nodes.append(Node(f"{name}.conv", Conv(weight, bias, (2.0**-3,)), ("image",)))
        nodes.append(Node(name, Requant(np.array([3]), -hi - 1, hi, 1.0), (f"{name}.conv",)))
    nodes.append(Node("heat", Peak(-100, -128), ("raw",)))
    return Graph("heads", {"image": TensorType(SHAPE, 0, brightest)}, tuple(nodes), ("heat", "size", "offset"))


def pictures():
    """Frames of peaks only, of none, and of some, in every order that matters."""
    rng = np.random.default_rng(0)
    some = rng.integers(0, 256, (4, *SHAPE))
    full, none = np.full((1, *SHAPE), 120), np.zeros((1, *SHAPE), int)
    return np.concatenate([full, none, some[:2], none, full, full, some[2:]]).astype(np.int32)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The RTL of the network, and its simulator once it is compiled."""
    folder, design = tmp_path_factory.mktemp("sparse"), designed(network(), sparse=True)
    emit_rtl(design, folder / "rtl")
    return folder, design.graph, design


def test_one_output_of_records_takes_the_place_of_three(made):
    project = RtlProject.load(made[0] / "rtl")
    (peaks,) = project.outputs
    assert project.sparse and (peaks.wire, peaks.width) == ("m_axis_peaks", 8 * BYTES)
    top = (made[0] / "rtl" / "top.sv").read_text()
    assert "m_axis_peaks_tlast" in top and "m_axis_heat" not in top
    assert "assign m_axis" not in top  # logic outside the instances would not be counted by synthesis


def test_scores_leave_as_they_come_and_a_pixels_sizes_and_offsets_together(tmp_path):
    graph = network()
    design = designed(graph, fps=20_000, sparse=True)
    assert {design.schedule.lanes[name] for name in graph.outputs} == {1}
    emit_rtl(design, tmp_path / "rtl")
    top = (tmp_path / "rtl" / "top.sv").read_text()
    adapted = {name: f") {name}_out_width (" in top for name in graph.outputs}
    assert adapted == {"heat": False, "size": True, "offset": True}
    peaks = top.partition("m_axis_peaks_output (")[2]
    assert ".in0_data_i(heat_data)" in peaks  # the wire itself, as nothing else reads it


@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_frames_of_no_of_all_and_of_some_peaks_are_the_graphs(made, stall):
    folder, graph, _ = made
    images = pictures()
    expected = execute(graph, {"image": images}, graph.outputs)
    counts = (expected["heat"] > -128).sum(axis=(1, 2, 3))
    assert {0, CLASSES * 63} < set(counts.tolist())
    found = simulate(folder / "rtl", graph, images, stall=stall, seed=3)
    for name in graph.outputs:
        assert np.array_equal(found.values[name], expected[name]), name


def test_the_records_are_compared_with_what_the_outputs_were_given(made):
    """Each block by itself: records are made of maps that no picture gives."""
    folder, graph, design = made
    trial = trial_of(design)
    counts = {name: len(frames) for name, frames in trial.expected.items()}
    driven = drive_blocks(folder / "rtl", trial.given, counts, heads=design.heads)
    assert not driven.violations and set(driven.left) == set(graph.outputs)
    assert all(np.array_equal(driven.left[name], trial.given[name]) for name in graph.outputs)
    given = {**trial.given, "offset": trial.given["offset"] + 1}
    found = compared(folder / "rtl", design, replace(trial, given=given), silent)
    assert found.mismatch.block == "output offset"


def test_records_that_are_none_are_told_with_their_stream(made, tmp_path):
    folder, _, design = made
    project = RtlProject.load(folder / "rtl")
    given = trial_of(design).given
    words = np.zeros(2 * BYTES // 2, "<i4")
    words[BYTES // 2] = END
    values_file(tmp_path, project.outputs[0]).write_bytes(words.tobytes())
    left, (wrong,) = recorded(tmp_path, project, design.heads, given)
    assert not left and wrong.stream == "m_axis_peaks" and "frame 0" in wrong.rule


def test_few_peaks_do_not_slow_it_down(made):
    folder, graph, design = made
    found = simulate(folder / "rtl", graph, np.zeros((3, *SHAPE), np.int32))
    assert found.interval_cycles <= design.schedule.interval_cycles + 1  # the record that ends a frame


def test_a_record_that_loses_its_sign_is_found(made, tmp_path):
    folder, graph, _ = made
    rtl = shutil.copytree(folder / "rtl", tmp_path / "rtl")
    source = rtl / "library" / "peak_records.sv"
    assert ".SIGNED(OFFSET_SIGNED)" in source.read_text()
    source.write_text(source.read_text().replace(".SIGNED(OFFSET_SIGNED)", ".SIGNED(1'b0)"))
    images = pictures()
    found = simulate(rtl, graph, images)
    expected = execute(graph, {"image": images}, graph.outputs)
    assert [name for name in graph.outputs if not np.array_equal(found.values[name], expected[name])] == ["offset"]


def test_the_outputs_wait_for_each_other_in_fifos_that_are_paid_for(made):
    _, graph, design = made
    plan = design.schedule
    waiting = {edge.tensor for edge in plan.fifos if not edge.reader}
    assert waiting == {"size", "offset"}  # the peak test sees the next row first
    assert plan.streams.lut > schedule(graph, load_target("pynq-z2")).streams.lut


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (replace(network(), outputs=("heat", "size", "offset.conv")), "its outputs are heat, size, offset.conv, not"),
        (replace(network(), outputs=("raw", "size", "offset"), origins={"raw": "heat"}), "comes from no peak test"),
        (network(size_channels=3), "size and offset are not 2x9x7 both"),
        (network(wide=1 << 17, brightest=1 << 17), "size takes more than 16 bits"),
    ],
    ids=["names", "no peaks", "channels", "bits"],
)
def test_outputs_that_fill_no_records_are_refused_with_the_reason(graph, reason):
    with pytest.raises(GraphError, match=rf"{reason}.*export it without --sparse"):
        heads_of(graph)


def record(*fields):
    return np.array(fields, np.int64).astype("<u2").view(np.uint8)


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([(0, 1, 1, 5, 0, 0, 0, 0)], "no end"),
        ([(0, 1, 1, 5, 0, 0, 0, 0), (END, 0, 2, 0, 0, 0, 0, 0)], "1 records came of 2"),
        ([(0, 1, 1, 5, 0, 0, 0, 0)] * 2 + [(END, 0, 2, 0, 0, 0, 0, 0)], "out of order"),
        ([(0, 1, 1, -128, 0, 0, 0, 0), (END, 0, 1, 0, 0, 0, 0, 0)], "of no peak"),
    ],
)
def test_records_that_are_none_of_a_frame_are_refused(records, reason):
    fields = {"dma": "dma_0", "dma_address": 0, "shape": [3, 4, 5], "floor": -128, "scale": {}}
    with pytest.raises(RecordError, match=reason):
        Records(fields).unpack(np.concatenate([record(*fields) for fields in records]))


def test_a_file_without_a_detectors_outputs_is_refused_in_a_line_and_leaves_nothing(tmp_path, capfd):
    net = QonnxNet(1, 2, 4, 4)
    onnx.save(net.model(net.quant(net.quant("image"))), tmp_path / "net.onnx")
    assert status(["export", str(tmp_path / "net.onnx"), "--out", str(tmp_path / "build"), "--sparse"]) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "not heat, size and offset: peaks alone cannot leave; export it without --sparse" in line
    assert not (tmp_path / "build").exists()
