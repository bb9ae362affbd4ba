"""Blocks driven by themselves: the very instances of a design, and faults that no picture of its network would show."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from codesign.emit.rtl.cut import cut, uncuttable
from codesign.emit.rtl.drive import drive_blocks
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.simulate import build, simulate
from codesign.emit.rtl.top import emit_rtl
from codesign.errors import ToolError
from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.deform import Deform
from codesign.graph.ops.requant import Requant
from codesign.progress import silent
from codesign.verification.blocks import Trial, trial_of
from codesign.verification.coverage import coverage_of
from codesign.verification.reference import Reference
from codesign.verification.stages.blocks import compared
from tests.designs import designed
from tests.made_once import made_once

FAULTS = {
    "every dense sum is a bit too narrow": (
        "mvu.sv",
        "= node[1];",
        "= FAULT ? {node[1][ACC_BITS-2], node[1][ACC_BITS-2:0]} : node[1];",
        {"first", "dilation"},
    ),
    "a black pixel counts as grey": (
        "mvu.sv",
        ".data_i (in0_data_i),",
        ".data_i (FAULT && in0_data_i == '0 ? (SIMD * X_BITS)'(1) : in0_data_i),",
        {"first", "dilation"},
    ),
    "negative dilations count as none": (
        "deform_window.sv",
        "s_next <= in1_data_i;",
        "s_next <= FAULT && in1_data_i[S_BITS-1] ? '0 : in1_data_i;",
        {"deformed"},
    ),
    "the greatest dilation is one less": (
        "deform_window.sv",
        "s_next_valid <= in1_valid_i;",
        "s_next_valid <= in1_valid_i; if (FAULT && in1_data_i == S_BITS'(3)) s_next <= S_BITS'(2);",
        {"deformed"},
    ),
    "halves are rounded up": ("requant.sv", "(below_coarse || low[0])", "(FAULT || below_coarse || low[0])", None),
    "the upper clamp is one less": (
        "requant.sv",
        "OUT_BITS'(HI) : low;",
        "OUT_BITS'(HI - (FAULT ? 1 : 0)) : low;",
        None,
    ),
    "a block stops at its last value": (
        "requant.sv",
        "assign in0_ready_o = ready;",
        "assign in0_ready_o = ready && !(FAULT && in0_valid_i && in0_data_i[0+:IN_BITS-1] == '1);",
        None,
    ),
}
"""By what is wrong: the library's file, a text in it, what replaces it, and the blocks that suffer (any, if None)."""

SWITCH = """
  int switch;
  initial begin
    int file;
    file = $fopen("fault", "r");
    void'($fscanf(file, "%d", switch));
    $fclose(file);
  end
"""


def network():
    """A map, the dilations made of it, and a convolution of the map at these: all small."""
    rng = np.random.default_rng(3)

    def weights(*shape):
        return rng.integers(-7, 8, shape)

    nodes = (
        Node("first", Conv(weights(4, 2, 3, 3), weights(4) * 9, (0.125,), (1, 1), (1, 1, 1, 1)), ("image",)),
        Node("map", Requant([5], 0, 255, 4.0), ("first",)),
        Node("dilation", Conv(weights(1, 4, 1, 1), weights(1), (2.0**-8,)), ("map",)),
        Node("steps", Requant([6], -4, 3, 1.0), ("dilation",)),
        Node("deformed", Deform(weights(4, 1, 3, 3), weights(4), (0.25,)), ("map", "steps")),
        Node("last", Requant([5], -128, 127, 32.0), ("deformed",)),
    )
    return Graph("blocks", {"image": TensorType((2, 12, 10), 0, 255)}, nodes, ("last",))


GRAPH = network()
DESIGN = designed(GRAPH)


@pytest.fixture(scope="session")
def design(common_folder):
    """The design's RTL, in which the file `fault` has the number of the fault that is on. Compiled once."""

    def make(folder):
        project = emit_rtl(DESIGN, folder / "rtl")
        for number, (file, text, fault, _) in enumerate(FAULTS.values(), 1):
            path = project.folder / "library" / file
            source = path.read_text()
            assert source.count(text) == 1, (file, text)
            source = source.replace(text, fault.replace("FAULT", f"(switch == {number})"))
            if SWITCH not in source:
                source = re.sub(r"^\);$", lambda end: end[0] + SWITCH, source, count=1, flags=re.MULTILINE)
            path.write_text(source)

    return made_once(common_folder / "blocks", make)


@pytest.fixture
def with_fault(design, tmp_path):
    """Gives the design with that fault on, or with none."""

    def choose(number):
        folder = Path(shutil.copytree(design / "rtl", tmp_path / "rtl"))
        (folder / "fault").write_text(f"{number}\n")
        return folder

    return choose


def verdict_on(rtl):
    return compared(rtl, DESIGN, trial_of(DESIGN), silent)


def test_blocks_without_a_fault_are_exact_each_with_frames_of_its_own(design, with_fault):
    rtl = with_fault(0)
    trial = trial_of(DESIGN)
    found = compared(rtl, DESIGN, trial, silent)
    assert found.mismatch is None and found.findings.good
    assert found.tensors == len(GRAPH.types) + len(GRAPH.outputs)
    assert len({len(frames) for frames in trial.given.values()}) > 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_in_a_block_that_has_it(fault, design, with_fault):
    mismatch = verdict_on(with_fault(1 + list(FAULTS).index(fault))).mismatch
    blocks = FAULTS[fault][3] or {"map", "steps", "last"}
    assert mismatch.stage == "blocks" and mismatch.block in blocks
    assert mismatch.expected != mismatch.got


def test_a_wrong_bias_of_the_last_channel_in_the_memory_is_found(design, with_fault):
    rtl = with_fault(0)
    biases = rtl / "mem" / "deformed.bias.mem"
    words = biases.read_text().split()
    biases.write_text("\n".join([*words[:-1], f"{int(words[-1], 16) ^ 1:x}", ""]))
    mismatch = verdict_on(rtl).mismatch
    assert mismatch.block == "deformed"


def test_the_same_binary_simulates_the_whole_network(design, with_fault):
    images = np.random.default_rng(1).integers(0, 256, (2, 2, 12, 10))
    rtl = with_fault(0)
    build(RtlProject.load(rtl))
    found = simulate(rtl, GRAPH, images)
    assert found.build_seconds == 0
    for name, expected in execute(GRAPH, {"image": images}, keep=tuple(GRAPH.types)).items():
        assert np.array_equal(found.values[name], expected), name


def test_cutting_a_top_changes_nothing_but_where_streams_leave_their_blocks(design):
    project = RtlProject.load(design / "rtl")
    text = (project.folder / "top.sv").read_text()
    apart = cut(text, project.tensors)
    assert apart.count("stream_cut #(") == len(GRAPH.types)
    kept = [line for line in apart.splitlines() if "_made_" not in line and "_cut_ (" not in line]
    lost = [line for line in text.splitlines() if line not in kept]
    assert len(lost) == 3 * len(GRAPH.types) and all(
        re.match(r"\s+\.out0_(valid_o|ready_i|data_o)\(", line) for line in lost
    )


def test_a_top_whose_streams_lie_elsewhere_is_refused(design, with_fault):
    rtl = with_fault(0)
    text = (rtl / "top.sv").read_text()
    (rtl / "top.sv").write_text(text.replace(".out0_data_o(map_data)", ".out0_data_o({map_data})"))
    project = RtlProject.load(rtl)
    assert uncuttable((rtl / "top.sv").read_text(), project.tensors) == ("map",)
    with pytest.raises(ToolError, match="tensor 'map' leaves no block of this top"):
        drive_blocks(rtl, {}, {})


def test_coverage_tells_what_images_leave_out_and_blocks_reach():
    images = np.full((1, 2, 12, 10), 9)
    covered = coverage_of(Reference(GRAPH, images), trial_of(DESIGN))
    assert list(covered) == list(GRAPH.types)
    sums = covered["first"]
    assert sums.span == sums.blocks != sums.images and sums.bits == sums.bits_blocks > sums.bits_images
    cases = {(name, case.what): case for name, tensor in covered.items() for case in tensor.cases}
    assert {what for _, what in cases} == {"ends of sums", "clamps", "ties", "dilations"}
    assert not any(case.missing for case in cases.values())
    assert cases["deformed", "dilations"].of == 8 * 9 > cases["deformed", "dilations"].images
    assert cases["map", "ties"].unreachable > 0


def test_ends_that_no_window_has_are_unreachable_not_missing():
    """Only one of nine taps lies on a map of one pixel: the type is for all of them."""
    conv = Conv(np.arange(1, 10).reshape(1, 1, 3, 3), [0], pads=(1, 1, 1, 1))
    graph = Graph("pixel", {"image": TensorType((1, 1, 1), 0, 255)}, (Node("sum", conv, ("image",)),), ("sum",))
    images = np.array([0, 255]).reshape(2, 1, 1, 1)
    given = {"image": images, "sum": images}
    covered = coverage_of(Reference(graph, images), Trial(given, execute(graph, {"image": images}, graph.types)))
    assert covered["sum"].span == (0, 45 * 255) and covered["sum"].reachable == (0, 5 * 255)
    assert covered["sum"].missing == covered["sum"].missing_ends == 0
    black = coverage_of(
        Reference(graph, images[:1]),
        Trial({"image": images[:1], "sum": images[:1]}, dict.fromkeys(graph.types, images[:1])),
    )
    assert black["sum"].missing_ends == 1
