"""The ports of a design under every kind of traffic: what breaks a rule, a value, the rate or a reset is found."""

import re
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from codesign.api import verify as verify_api
from codesign.api.verify import verify
from codesign.emit.rtl import registers, traffic
from codesign.emit.rtl.harness_report import Report, assertion
from codesign.emit.rtl.project import RtlProject
from codesign.emit.rtl.protocol import AFTER_RESET, RULES, Violation, accesses, misread, told
from codesign.emit.rtl.simulate import simulate
from codesign.emit.rtl.traffic import GAPS, Pause, Phase, Stall, demanding, even, first_frames, frames_of, lines
from codesign.graph import Graph, Node, TensorType
from codesign.graph.ops.concat import Concat
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.graph.ops.split import Split
from codesign.resources import rtl_dir
from codesign.verification.findings import Findings, Interval
from tests.designs import built, designed
from tests.protocol_faults import equip, switch

IMAGES = 16

ONLY_VALUES = 12, 13, 14, 15, 17, 20, 21, 25
"""Faults that only show in values: after pauses, from the fifth frame on, every 1024th beat, amid pauses on both sides,
in a FIFO that overflows or that reset leaves where it was."""

RULES_BROKEN = {
    1: "m_axis_head: TLAST within a frame",
    2: "m_axis_head: no TLAST at the end of a frame",
    3: "m_axis_head: TLAST within a frame",
    4: "TVALID waits for TREADY",
    5: "TVALID waits for TREADY",
    6: "m_axis_head: data changed while a beat waited to be taken",
    7: "m_axis_head: TVALID fell before the beat was taken",
    8: "m_axis_head: TLAST changed while a beat waited to be taken",
    9: "m_axis_head: beats after the last frame",
    10: "m_axis_head: valid in reset",
    11: "m_axis_head: TLAST within a frame",
    16: "a frame takes 2,163.0 cycles, scheduled 1,728",
    18: "s_axil: LATENCY_CYCLES reads",
    19: "s_axis_image: an input took a beat before the start",
    22: "network.dut.s_axil_registers: a frame went out that had not come in",
    23: "s_axil, answers to writes: TVALID fell before the beat was taken",
    24: "s_axil: INTERVAL_CYCLES reads",
    26: "a frame takes",
    28: "data changed while a beat waited to be taken",
    29: "TVALID waits for TREADY",
    30: "s_axil: CONTROL reads 0x1 after reset 1, not 0x0",
    31: "s_axil, answers to reads: a register does not hold what was written",
    32: "s_axil, answers to reads: an answer that is not OKAY, or not SLVERR where it must be",
    33: "s_axil, answers to reads: a register does not hold what was written",
}
"""What is told of the others, by the numbers of `protocol_faults.py`."""


def network():
    """Two outputs, one behind a branch that has to wait in a FIFO."""
    rng = np.random.default_rng(0)
    nodes = (
        Node("split", Split((2, 3)), ("image",)),
        Node("conv", Conv(rng.integers(-7, 8, (3, 3, 3, 3)), rng.integers(-9, 9, 3), pads=(1, 1, 1, 1)), ("split.1",)),
        Node("quant", Requant(np.array([0]), -128, 127, 1.0), ("conv",)),
        Node("join", Concat(), ("split.0", "quant")),
        Node("head.conv", Conv(rng.integers(-7, 8, (4, 3, 1, 1)), rng.integers(-9, 9, 4), (2.0**-4,)), ("quant",)),
        Node("head", Requant(np.array([4]), -128, 127, 1.0), ("head.conv",)),
    )
    return Graph("branches", {"image": TensorType((5, 12, 12), -8, 7)}, nodes, ("join", "head"))


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """As much of a build as the simulation reads, with all faults, switched off; one compiled simulator for all."""
    design = designed(network(), fps=50_000)
    made = built(design, tmp_path_factory.mktemp("protocol") / "build")
    equip(made.rtl, design.schedule.interval_cycles)
    return made


@pytest.fixture
def verdict(build, monkeypatch):
    """Verifies the simulation with a fault."""
    monkeypatch.setattr(verify_api, "STAGES", ("rtl",))

    def verdict(fault):
        switch(build.rtl, fault)
        return verify(build, images=IMAGES)

    return verdict


def test_a_sound_design_keeps_all_rules_and_its_schedule(build, verdict):
    found = verdict(0)
    (stage,) = found.stages
    assert found.exact and stage.exact and found.first_mismatch is None
    assert stage.protocol.violations == () and stage.protocol.frames >= 20
    interval = RtlProject.load(build.rtl).interval_cycles
    assert stage.protocol.interval.measured == stage.protocol.interval.scheduled == interval
    assert stage.values == stage.protocol.frames * sum(int(np.prod(kind.shape)) for kind in build.graph.types.values())


@pytest.mark.parametrize("fault", RULES_BROKEN)
def test_a_broken_rule_is_told_with_its_stream(verdict, fault):
    found = verdict(fault)
    assert not found.exact
    assert RULES_BROKEN[fault] in str(found.stages[0].protocol)


@pytest.mark.parametrize("fault", ONLY_VALUES)
def test_a_wrong_value_is_found_whatever_it_takes_to_bring_it_about(verdict, fault):
    found = verdict(fault)
    assert not found.exact and found.first_mismatch is not None
    assert found.stages[0].protocol.violations == ()


def test_frames_back_to_back_tell_of_broken_rules_too(build):
    switch(build.rtl, 1)
    images = np.zeros((2, 5, 12, 12), np.int32)
    found = simulate(build.rtl, build.graph, images)
    assert {violation.rule for violation in found.violations} == {RULES[7], RULES[8]}
    assert {violation.times for violation in found.violations} == {2}


@pytest.mark.parametrize("images", [1, 4, 16, 100])
def test_the_traffic_has_pauses_resets_and_every_image(build, images):
    project = RtlProject.load(build.rtl)
    phases = demanding(project, images, 1000)
    assert frames_of(phases) >= images + 4
    assert len(first_frames(phases)) == 3
    assert {pause.cycles for phase in phases for pause in phase.pauses} >= set(GAPS)
    assert any(phase.patient for phase in phases) and any(phase.memory for phase in phases)
    steady = traffic.steady_frames(phases)
    assert len(steady) >= traffic.STEADY and steady.start == first_frames(phases)[-1]


def test_pauses_come_within_a_pixel_and_a_row_and_before_the_last_beat(build):
    (port,) = RtlProject.load(build.rtl).inputs
    wide = replace(port, lanes=1, shape=(4, 6, 6))
    within_pixel, within_row, last, first = traffic._awkward(wide)
    assert [pause.frame for pause in (within_pixel, within_row, last, first)] == [0, 0, 0, 1]
    assert within_pixel.beat % 4 and within_pixel.cycles == 64
    assert within_row.beat % 24 and within_row.beat % 4 == 0
    assert last.beat == 143 and first == Pause(port.id, 1, 0, 65)


def test_phases_are_numbered_in_a_run_file_and_their_frames_count_on():
    phases = (Phase(2, {1: Stall(0.5, 7)}, memory=0.25, reset=9), Phase(3, pauses=(Pause(0, 1, 5, 64),), patient=True))
    assert lines(phases) == (["phase 2 64 0", "reset 9", "phase 3 0 1"], ["stall 1 0 0.5 7", "pause 0 3 5 64"])
    assert first_frames(phases) == (0, 2)
    assert traffic.longest_pause(phases) == 64


def test_steady_frames_are_those_of_the_first_phase_without_pauses():
    pauses, stalls = Phase(3, pauses=(Pause(0, 1, 5, 64),)), Phase(2, {1: Stall(0.5)})
    assert list(traffic.steady_frames((Phase(0, reset=9), stalls, pauses, Phase(2), stalls, Phase(4)))) == [5, 6]
    assert list(traffic.steady_frames((stalls, pauses))) == []


def test_even_traffic_pauses_at_all_ports_alike(build):
    project = RtlProject.load(build.rtl)
    assert even(project, 5) == (Phase(5),)
    (phase,) = even(project, 5, 0.25)
    assert set(phase.stalls) == {0, 1, 2} and set(phase.stalls.values()) == {Stall(0.25)}


def test_every_register_has_a_word_of_its_own_where_the_hardware_has_it():
    text = (rtl_dir() / "axi_lite_registers.sv").read_text()
    hardware = {name: int(at, 16) for name, at in re.findall(r"AT_(\w+) = \d+'h([0-9a-f]+);", text)}
    assert {register.name: register.offset for register in registers.REGISTERS} == hardware
    assert len(set(hardware.values())) == len(registers.REGISTERS) and not any(at % 4 for at in hardware.values())
    assert {register.access for register in registers.REGISTERS} == set(get_args(registers.Access))


def rows(values, life=0, at_end=0):
    return [[life, at_end, registers.offset(name), value] for name, value in values.items()]


def test_registers_are_compared_with_what_they_hold_after_reset_and_at_the_end(build):
    project = RtlProject.load(build.rtl)
    begins, ends = (0, 10, 20, 300), (100, 110, 180, 400)
    at_end = {
        "FRAMES_OUT": 4,
        "INTERVAL_CYCLES": 220,
        "LATENCY_CYCLES": 100,
        "MODEL_HASH_0": int(project.digest[:8], 16),
    }
    sound = rows(AFTER_RESET) + rows(at_end, at_end=1)
    assert list(misread(sound, project, begins, ends, (0,))) == []
    wrong = rows({"FRAMES_IN": 1}, life=1) + rows({"LATENCY_CYCLES": 160}, at_end=1)
    texts = [found.rule for found in misread(wrong, project, begins, ends, (0, 2))]
    assert texts == ["FRAMES_IN reads 0x1 after reset 1, not 0x0", "LATENCY_CYCLES reads 0xa0 at the end, not 0x64"]


def test_registers_are_read_only_where_they_are_checked(build):
    project = RtlProject.load(build.rtl)
    assert accesses(project, checked=False) == [f"start {registers.offset('CONTROL')} 1"]
    checked = [line.split()[0] for line in accesses(project, checked=True)]
    assert checked.count("read") == len(registers.REGISTERS)
    assert set(checked) == {"read", "unknown", "refused", "masked", "holds", "write", "start", "await"}


def test_the_harness_report_is_read_line_by_line():
    report = Report()
    for line in (
        "violation 7 1 12 3 2",
        "frames 0 1 9",
        "[0] %Error: x.sv:3: Assertion failed in TOP.a.b: a.b: no",
        "",
        "stopped 12",
    ):
        report.add(line + "\n")
    assert (report.stop, report.cycles, report.streams["frames", 0]) == ("stopped", 12, [1, 9])
    assert report.violations == [[7, 1, 12, 3, 2]] and len(report.messages) == 1


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("[0] %Error: a.sv:4: Assertion failed in TOP.network.dut.a: TOP.network.dut.a: lost", "network.dut.a: lost"),
        ("[0] %Fatal: a.sv:4: TOP.network.memory: crosses: 4 KB", "network.memory: crosses: 4 KB"),
    ],
)
def test_an_assertion_is_told_with_its_place_and_instance(message, told):
    assert assertion(message) == f"a.sv:4, {told}"


def test_a_violation_names_stream_rule_cycle_and_frame(build):
    (found,) = told([[7, 1, 1200, 3, 2]], RtlProject.load(build.rtl))
    assert str(found) == "m_axis_join_: no TLAST at the end of a frame, in cycle 1,200, frame 3, 2 times"


@pytest.mark.parametrize(("measured", "good"), [(1000.0, True), (1000.2, True), (1000.3, False)])
def test_a_frame_may_not_take_longer_than_scheduled(measured, good):
    found = Findings((), 20, Interval(measured, 1000, 1000.2, 5))
    assert found.good == good
    assert Findings((Violation("x", "y", 0, 0),), 20).good is False
