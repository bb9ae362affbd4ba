"""axi_lite_registers: the map of `registers.py`, AXI4-Lite in any order, frames gated whole, counters exact."""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cocotb_tools.runner import get_runner

from codesign import bench
from codesign.emit.rtl import library, registers
from codesign.emit.rtl.verilator import FST_FLAGS, environment
from codesign.resources import rtl_dir
from codesign.synthesis.module import synthesize_module

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "registers.md"
MODEL_HASH = 0x0123456789ABCDEF_F1E2D3C4B5A69788


@pytest.mark.parametrize(("inputs", "outputs"), [pytest.param(1, 1, marks=pytest.mark.slow), (3, 2)])
def test_every_register_does_what_the_map_says(
    inputs: int, outputs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    runner = get_runner("verilator")
    waves = FST_FLAGS if bench.WAVES else ()
    runner.build(
        sources=library.sources(["registers_top"], rtl_dir(), HERE),
        hdl_toplevel="registers_top",
        parameters={"INPUTS": inputs, "OUTPUTS": outputs, "MODEL_HASH": f"128'h{MODEL_HASH:032x}"},
        build_dir=tmp_path,
        build_args=["-Wall", "--assert", "--x-initial", "unique", *bench.QUICK_BUILD, *waves],
        waves=bench.WAVES,
    )
    results = runner.test(
        test_module="axi_lite_registers_cocotb",
        hdl_toplevel="registers_top",
        build_dir=tmp_path,
        test_dir=tmp_path,
        results_xml=str(tmp_path / "results.xml"),
        plusargs=["+verilator+rand+reset+2"],
        extra_env={"COCOTB_LOG_LEVEL": "WARNING", "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])},
        waves=bench.WAVES,
    )
    cases = [*ElementTree.parse(results).getroot().iter("testcase")]
    assert len(cases) == 8
    assert [case.get("name") for case in cases if case.find("failure") is not None] == []


def test_the_map_is_that_of_the_table() -> None:
    offsets = [register.offset for register in registers.REGISTERS]
    assert offsets == sorted({*offsets})
    assert all(value % 4 == 0 and value < 1 << registers.ADDRESS_BITS for value in offsets)
    assert registers.localparams() in (rtl_dir() / "axi_lite_registers.sv").read_text()
    assert registers.markdown() in DOCUMENT.read_text()


def test_the_registers_are_small() -> None:
    sources = library.sources(["axi_lite_registers"], rtl_dir())
    used = synthesize_module(sources, "axi_lite_registers", {"INPUTS": 1, "OUTPUTS": 1})
    assert (used.dsp, used.bram36) == (0, 0)
    assert used.lut < 400
    assert used.ff < 650
