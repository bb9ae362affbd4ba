"""A design behind a serial line: what comes back over the wires, and a bitstream of open tools."""

import json
import os
import pickle
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from cocotb_tools.runner import get_runner

from codesign import bench
from codesign.api.bitstream import bitstream
from codesign.emit.driver import emit_driver
from codesign.emit.rtl.top import emit_rtl
from codesign.emit.rtl.verilator import environment
from codesign.emit.serial import emit_serial
from codesign.errors import TargetError, ToolError
from codesign.graph import Graph, Node, TensorType, execute
from codesign.graph.ops.conv import Conv
from codesign.graph.ops.requant import Requant
from codesign.verification.images import random_images
from tests.designs import built, designed

HERE = Path(__file__).parent
BIT_CYCLES = 8
FPS = 2000


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Two outputs, one of two bytes a lane and more bytes than the frame that went in."""
    rng = np.random.default_rng(1)
    first = Conv(rng.integers(-7, 8, (6, 3, 3, 3)), rng.integers(-99, 99, 6), (2.0**-6,), (1, 1), (1, 1, 1, 1))
    second = Conv(rng.integers(-7, 8, (4, 6, 1, 1)), rng.integers(-99, 99, 4))
    nodes = [Node("conv", first, ("image",)), Node("seen", Requant(np.array([6]), 0, 255, 1.0), ("conv",))]
    nodes.append(Node("sums", second, ("seen",)))
    return Graph("line", {"image": TensorType((3, 12, 12), 0, 255)}, tuple(nodes), ("seen", "sums"))


@pytest.fixture
def build(graph, tmp_path):
    return built(designed(graph, "ulx3s-85f", fps=FPS), tmp_path / "build")


def test_the_design_behind_its_line_gives_what_the_graph_says(graph, tmp_path, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    design = designed(graph, "ulx3s-85f", fps=FPS)
    project = emit_rtl(design, tmp_path / "rtl")
    folder = tmp_path / "line"
    folder.mkdir()
    sources = emit_serial(design, project, folder, recipe=None)
    emit_driver(design, project, tmp_path / "driver", recipe=None, versions={})
    shutil.copyfile(tmp_path / "driver" / "certificate.bin", folder / "certificate.bin")
    frames = random_images(graph.inputs["image"], 3)
    outputs = execute(graph, {"image": frames}, graph.outputs)
    expected = [
        {name: outputs[name][i] * graph.types[name].scale[0] for name in graph.outputs} for i in range(len(frames))
    ]
    task = {"frames": frames.transpose(0, 2, 3, 1).astype(np.uint8), "expected": expected}
    (tmp_path / "task").write_bytes(pickle.dumps(task))
    visible = tmp_path / "visible.vlt"
    visible.write_text('`verilator_config\npublic_flat_rw -module "serial_line" -var "*"\n')
    runner = get_runner("verilator")
    runner.build(
        sources=[visible, *(path for path in sources if path.suffix == ".sv")],
        hdl_toplevel="serial_line",
        parameters={"BIT_CYCLES": BIT_CYCLES},
        build_dir=tmp_path / "sim",
        build_args=[
            "-Wall",
            "-Wno-UNUSEDSIGNAL",
            "--no-public-flat-rw",
            "--assert",
            "--x-initial",
            "unique",
            *bench.QUICK_BUILD,
        ],
    )
    settings = {"SERIAL_FOLDER": folder, "SERIAL_BIT_CYCLES": BIT_CYCLES, "SERIAL_TASK": tmp_path / "task"}
    results = runner.test(
        test_module="uart_cocotb",
        hdl_toplevel="serial_line",
        build_dir=tmp_path / "sim",
        test_dir=tmp_path / "rtl",
        results_xml=str(tmp_path / "results.xml"),
        plusargs=["+verilator+rand+reset+2"],
        extra_env={key: str(value) for key, value in settings.items()}
        | {"COCOTB_LOG_LEVEL": "WARNING", "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])},
    )
    cases = [*ElementTree.parse(results).getroot().iter("testcase")]
    assert len(cases) == 2
    assert [case.get("name") for case in cases if case.find("failure") is not None] == []


def test_a_design_that_reads_weights_from_memory_is_refused(graph, tmp_path):
    design = designed(graph, "ulx3s-85f", fps=FPS)
    project = emit_rtl(design, tmp_path / "rtl")
    with pytest.raises(TargetError, match="reads weights from external memory"):
        emit_serial(design, replace(project, weights=("region",)), tmp_path, recipe=None)


def test_a_board_without_a_serial_line_is_refused(graph, tmp_path):
    build = built(designed(graph, fps=FPS), tmp_path / "build")
    with pytest.raises(TargetError, match="export for ulx3s-85f"):
        bitstream(build)
    assert not build.bitstream.exists()


@pytest.mark.slow
def test_a_small_network_becomes_a_bitstream(build):
    result = bitstream(build)
    assert result.placed.clock_mhz >= result.clock_mhz == 100
    assert result.placed.used["EHXPLLL"] == 1
    assert result.placed.used["TRELLIS_IO"] == 4
    bits = (build.bitstream / "design.bit").read_bytes()
    assert len(bits) == result.bytes > 100_000
    assert b"\xff\xff\xbd\xb3" in bits[:200]  # the preamble that an ECP5 looks for
    described = json.loads((build.bitstream / "bitstream.json").read_text())
    assert described["placed"]["clock_mhz"] == result.placed.clock_mhz


@pytest.mark.slow
def test_a_design_that_misses_its_clock_gives_no_bitstream(build):
    plan = json.loads(build.schedule.read_text())
    build.schedule.write_text(json.dumps(plan | {"clock_mhz": 300}))
    with pytest.raises(ToolError, match=r"MHz of 300; export it with `--clock \d+`"):
        bitstream(build)
    assert not build.bitstream.exists()
