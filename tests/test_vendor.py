"""The vendor's tools: run where they are, reports read back. No tool is here: stand-ins leave recorded reports."""

import io
import json
import re
import shutil
import sys
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

import codesign
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.errors import BuildError, ToolError
from codesign.reporting import schema
from codesign.reporting.page import Extras, write_page
from codesign.reporting.summary import Summary
from codesign.reporting.terminal import print_report
from codesign.vendor.figures import Used
from codesign.vendor.vitis_hls import read_vitis_hls
from codesign.vendor.vivado import read_vivado
from tests.vendor_scripts import interpreter, write_driver

RECORDED = Path(__file__).parent / "vendor_reports"
CALLS = {
    "vivado": ["-mode", "batch", "-nojournal", "-log", "vivado.log", "-source", "vivado.tcl"],
    "vitis_hls": ["-f", "vitis_hls.tcl"],
    "vitis-run": ["--mode", "hls", "--tcl", "vitis_hls.tcl"],
}


def test_reports_of_7_series_without_the_column_prohibited_are_read():
    found = read_vivado(RECORDED / "vivado_2018.3", "accelerator")
    assert (found.version, found.part) == ("2018.3", "7z020clg400-1")
    assert (found.clock_mhz, found.slack_ns, found.hold_slack_ns) == (100.0, 0.417, 0.023)
    assert found.design == Used(lut=14021, ff=18733, bram36=18.5, dsp=207)
    assert found.accelerator == Used(lut=10498, ff=13902, bram36=11.5, dsp=207)
    assert found.met


def test_reports_of_ultrascale_with_the_column_prohibited_are_read():
    found = read_vivado(RECORDED / "vivado_2023.2", "accelerator")
    assert (found.version, found.part, found.clock_mhz) == ("2023.2", "xck26-sfvc784-2LV-c", 200.0)
    assert found.design == Used(lut=22145, ff=31209, bram36=41.5, dsp=512, uram=4)
    assert found.accelerator == Used(lut=18888, ff=26001, bram36=34.5, dsp=512, uram=4)
    assert found.slack_ns == -0.183 and not found.met


def test_a_column_more_and_a_footnote_change_no_figure(tmp_path):
    for file in (RECORDED / "vivado_2018.3").iterdir():
        text = file.read_text().replace("| Slice LUTs  ", "| Slice LUTs* ")
        text = re.sub(r"^(\|[^|\n]*\|[^|\n]*\| *(?:Fixed|\d+|) *\|)", r"\1 Prohibited |", text, flags=re.MULTILINE)
        (tmp_path / file.name).write_text(text if file.name == "utilization.rpt" else file.read_text())
    assert "| Fixed | Prohibited | Available |" in (tmp_path / "utilization.rpt").read_text()
    assert read_vivado(tmp_path, "accelerator") == read_vivado(RECORDED / "vivado_2018.3", "accelerator")


def test_a_report_by_hierarchy_that_is_not_there_or_names_no_accelerator_leaves_that_out(tmp_path):
    assert read_vivado(RECORDED / "vivado_2018.3", "another").accelerator is None
    for name in ("utilization.rpt", "timing.rpt"):
        shutil.copy(RECORDED / "vivado_2018.3" / name, tmp_path)
    assert read_vivado(tmp_path, "accelerator").accelerator is None


@pytest.mark.parametrize(
    ("name", "before", "after", "complaint"),
    [
        ("utilization.rpt", "Slice LUTs", "Slice Things", "has no row 'Slice LUTs'"),
        ("utilization.rpt", "DSPs", "Multipliers", "has no row 'DSPs'"),
        ("timing.rpt", "  0.417 ", "     NA ", "nothing was timed"),
        ("timing.rpt", "Clock Summary", "Clocks", "nothing was timed"),
    ],
)
def test_a_report_of_another_layout_is_refused(tmp_path, name, before, after, complaint):
    folder = shutil.copytree(RECORDED / "vivado_2018.3", tmp_path / "reports")
    (folder / name).write_text((folder / name).read_text().replace(before, after))
    with pytest.raises(ToolError, match=rf"{re.escape(name)}: .*{re.escape(complaint)}"):
        read_vivado(folder, "accelerator")


def test_the_report_of_c_synthesis_is_read():
    found = read_vitis_hls(RECORDED / "vitis_hls_2023.2" / "csynth.xml")
    assert (found.version, found.part) == ("2023.2", "xc7z020-clg400-1")
    assert (found.clock_ns, found.estimated_clock_ns) == (10.0, 8.391)
    assert (found.latency_cycles, found.interval_cycles) == ((41037, 41044), (36870, 36871))
    assert found.used == Used(lut=33910, ff=21004, bram36=22.5, dsp=96)


def test_cycles_that_the_tool_does_not_know_and_older_names_are_read(tmp_path):
    text = (RECORDED / "vitis_hls_2023.2" / "csynth.xml").read_text()
    text = re.sub(r"<Interval-(min|max)>\d+", r"<Interval-\1>undef", text).replace("DSP>", "DSP48E>")
    (tmp_path / "csynth.xml").write_text(text.replace("<URAM>0</URAM>\n", ""))
    found = read_vitis_hls(tmp_path / "csynth.xml")
    assert found.interval_cycles is None and found.latency_cycles == (41037, 41044)
    assert (found.used.dsp, found.used.uram) == (96, 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("<profile>", "is no XML"), ("<profile/>", "no UserAssignments/Part"), (None, "cannot be read")],
)
def test_a_file_that_is_no_report_of_c_synthesis_is_refused(tmp_path, text, complaint):
    if text:
        (tmp_path / "csynth.xml").write_text(text)
    with pytest.raises(ToolError, match=rf"csynth\.xml: .*{complaint}"):
        read_vitis_hls(tmp_path / "csynth.xml")


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Puts stand-ins on a PATH without the real ones: they run the real scripts against the Tcl stubs of test_board."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "make").symlink_to(shutil.which("make"))
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")

    def install(program, build, recorded, **settings):
        script = build / "board" / CALLS[program][-1]
        driver, _ = write_driver(script, reports=RECORDED / recorded, **settings)
        text = (
            f"#!{sys.executable}\nimport os, sys\nassert sys.argv[1:] == {CALLS[program]}, sys.argv\n"
            f"command = {[*interpreter(), str(driver)]}\nos.execvp(command[0], command)\n"
        )
        (folder / program).write_text(text)
        (folder / program).chmod(0o755)

    return install


def test_without_a_tool_the_error_says_what_to_do(build_copy, tools, capfd):
    assert status(["build", str(build_copy), "--changed"]) == 2
    error = capfd.readouterr().err.strip()
    assert "neither vivado nor vitis_hls nor vitis-run is on PATH; source AMD's settings64.sh" in error
    assert len(error.splitlines()) == 1 and not (build_copy / "vendor.json").exists()


@pytest.mark.parametrize("hls", ["vitis_hls", "vitis-run"])
def test_both_tools_run_where_the_scripts_say_and_their_figures_reach_every_report(build_copy, tools, hls, capfd):
    tools("vivado", build_copy, "vivado_2018.3")
    tools(hls, build_copy, "vitis_hls_2023.2")
    assert status(["build", str(build_copy), "--changed"]) == 0
    shown = capfd.readouterr().out
    for text in ("10,498", "14,021", "slack 0.417 ns", "33,910", "8.391 of 10 ns, 36,871"):
        assert text in shown
    figures = json.loads((build_copy / "vendor.json").read_text())
    assert figures["vivado"]["accelerator"]["lut"] == 10498
    written = json.loads((build_copy / "report.json").read_text())
    assert written["vendor"] == figures
    jsonschema.validate(written, json.loads(schema.FILE.read_text()), jsonschema.Draft202012Validator)
    assert (build_copy / "board" / "deploy" / "design.bit").is_file()
    assert "codesign: phase synthesis" in (build_copy / "board" / "make.log").read_text()
    summary = Summary.model_validate(written)
    write_page(summary, Extras(), build_copy / "report.html")
    assert "Vivado 2018.3, accelerator" in (build_copy / "report.html").read_text()
    text = io.StringIO()
    print_report(summary, Console(file=text, width=100))
    assert "Vitis HLS 2023.2, estimate" in text.getvalue()


def test_progress_names_the_phases_and_ends_each(build_copy, tools):
    tools("vivado", build_copy, "vivado_2018.3")
    calls = []
    found = codesign.build(build_copy, changed=True, progress=lambda *call: calls.append(call))
    phases = list(dict.fromkeys(what for what, _, _ in calls))
    names = ("start", "packaging", "block design", "synthesis", "implementation", "reports")
    assert phases == [f"Vivado: {name}" for name in names]
    assert all((phase, 1, 1) in calls for phase in phases)
    assert found.vitis_hls is None and found.vivado.met


def test_a_design_that_misses_its_clock_has_figures_and_ends_with_status_1(build_copy, tools, capfd):
    tools("vivado", build_copy, "vivado_2023.2", slack="-0.183")
    assert status(["build", str(build_copy), "--changed"]) == 1
    assert "misses its clock: no bitstream to deploy" in capfd.readouterr().out
    assert json.loads((build_copy / "vendor.json").read_text())["vivado"]["slack_ns"] == -0.183
    assert not (build_copy / "board" / "deploy" / "design.bit").exists()


def test_a_tool_that_fails_is_told_with_its_first_error_and_writes_no_figures(build_copy, tools, tmp_path, capfd):
    program = tmp_path / "bin" / "vivado"
    program.write_text(
        "#!/bin/sh\necho 'INFO: busy'; echo 'ERROR: [Synth 8-1] no license'; echo 'ERROR: later'; exit 1\n"
    )
    program.chmod(0o755)
    assert status(["build", str(build_copy), "--changed"]) == 2
    error = capfd.readouterr().err
    assert "Vivado failed: ERROR: [Synth 8-1] no license" in error and "make.log" in error
    assert not (build_copy / "vendor.json").exists()


def test_what_is_made_already_is_not_made_again(build_copy, tools, tmp_path):
    tools("vivado", build_copy, "vivado_2018.3")
    first = codesign.build(build_copy, changed=True)
    (tmp_path / "bin" / "vivado").write_text("#!/bin/sh\nexit 1\n")
    assert codesign.build(build_copy, changed=True) == first


def test_a_tool_that_leaves_no_report_is_no_success(build_copy, tools):
    tools("vivado", build_copy, "nothing")
    with pytest.raises(ToolError, match="left no reports"):
        codesign.build(build_copy, changed=True)


def test_a_build_for_a_target_without_a_package_is_refused(build_copy, tools):
    shutil.rmtree(build_copy / "board")
    with pytest.raises(BuildError, match="has no board/ to build; export it for pynq-z2"):
        codesign.build(open_build(build_copy, changed=True))
