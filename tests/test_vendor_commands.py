"""Every command and every option that our scripts for the vendor's tools use is one that is documented."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from codesign.emit.board import emit_board
from codesign.emit.core import emit_core
from codesign.emit.driver import emit_driver
from codesign.emit.rtl.top import emit_rtl
from codesign.targets import load_target, target_names
from tests import streamed
from tests.designs import designed
from tests.vendor_scripts import run_script

TABLE = yaml.safe_load((Path(__file__).parent / "vendor_commands.yaml").read_text())
BOARDS = [name for name in target_names() if load_target(name).overlay]
TCL = {
    *("catch", "close", "concat", "error", "exit", "expr", "file", "foreach", "glob", "if", "info", "join", "lappend"),
    *("lindex", "list", "llength", "proc", "puts", "return", "set", "source"),
}
"""Commands of Tcl itself."""


def undocumented(call, *tools):
    """What of a call, words of a list, none of the tables knows; None if all is known."""
    name, *words = call
    known = [TABLE[tool][name]["options"] for tool in tools if name in TABLE[tool]]
    if not known:
        return name
    options, skip = dict(option.partition("=")[::2] for option in known[0]), False
    takes_value = {option.rstrip("=") for option in known[0] if option.endswith("=")}
    for word in words:
        option = word.partition("=")[0]
        if skip or not re.match(r"-[a-z_]", word):
            skip = False
        elif option not in options:
            return f"{name} {word}"
        else:
            skip = option in takes_value and "=" not in word
    return None


def static_calls(text):
    """Commands with their words as far as they stand there, at the beginning of a line or of brackets."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for found in re.finditer(r"(?:^[ \t]*|\[)((?:ipx::|ipgui::)?[a-z_]+)\b([^\n\[\]]*)", text, re.MULTILINE):
        yield [found[1], *found[2].split()]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Designs of a network with weights in memory, and with weights on chip; the RTL and the driver of each."""
    folder, made = tmp_path_factory.mktemp("parts"), {}
    for name, design in {"streamed": streamed.small(), "on chip": designed(streamed.network(), fps=1000)}.items():
        project = emit_rtl(design, folder / name / "rtl")
        emit_core(design, project)
        emit_driver(design, project, folder / name / "driver", recipe=None, versions={})
        made[name] = design, project, folder / name / "driver"
    return made


@pytest.mark.parametrize("weights", ["streamed", "on chip"])
@pytest.mark.parametrize("board", BOARDS)
def test_every_call_of_the_vivado_script_is_documented(board, weights, parts, tmp_path):
    design, project, driver = parts[weights]
    emit_board(replace(design, target=load_target(board)), project, tmp_path / "board", driver=driver, recipe=None)
    (tmp_path / "rtl").symlink_to(project.folder)
    script = tmp_path / "board" / "vivado.tcl"
    done, calls = run_script(script, board_parts=load_target(board).overlay.board_part)
    assert done.returncode == 0, done.stderr
    assert {words for call in calls if (words := undocumented(call, "vivado", "packager"))} == set()
    own = set(re.findall(r"^proc (\w+)", script.read_text(), re.MULTILINE)) | TCL
    named = {name for name, *_ in static_calls(script.read_text())} - own
    assert {name for name in named if "_" in name or "::" in name} <= {name for name, *_ in calls}


def test_every_call_of_the_vitis_script_is_documented(tiny_build, tmp_path):
    for name in ("board", "hls"):
        shutil.copytree(tiny_build / name, tmp_path / name)
    _, calls = run_script(tmp_path / "board" / "vitis_hls.tcl")
    assert len(calls) > 8
    assert {words for call in calls if (words := undocumented(call, "vitis_hls"))} == set()


def test_every_command_of_constraints_and_of_the_cores_customization_is_documented(parts, tmp_path):
    design, project, driver = parts["streamed"]
    emit_board(design, project, tmp_path / "board", driver=driver, recipe=None)
    for file in (
        project.folder / "accelerator_ooc.xdc",
        tmp_path / "board" / "design.xdc",
        *project.folder.glob("xgui/*"),
    ):
        calls = [call for call in static_calls(file.read_text()) if call[0] not in TCL]
        calls = [call for call in calls if not call[0].startswith(("update_PARAM", "validate_PARAM", "update_MODEL"))]
        assert calls and {words for call in calls if (words := undocumented(call, "vivado", "packager"))} == set()


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (["create_bd_cell", "-type", "ip", "-vlnv", "a:b:c:1.0", "x"], None),
        (["create_bd_cell", "-kind", "ip", "x"], "create_bd_cell -kind"),
        (["create_bd_cel", "x"], "create_bd_cel"),
        (["create_clock", "-period", "-5", "x"], None),
        (["launch_runs", "impl_1", "-to_stop", "write_bitstream"], "launch_runs -to_stop"),
        (["ipx::save_core", "-force", "core"], "ipx::save_core -force"),
    ],
)
def test_a_command_or_option_that_no_guide_has_is_found(call, wrong):
    assert undocumented(call, "vivado", "packager") == wrong


def test_every_command_of_the_table_says_where_it_is_documented():
    assert all(1 <= command["page"] <= 2000 for command in TABLE["vivado"].values())
