"""Two versions make the same hardware only if every file of it is the same."""

from pathlib import Path

import pytest

from trust.same_output import differences


@pytest.fixture
def builds(tmp_path: Path) -> tuple[Path, Path]:
    """Two builds with the same hardware, of which only the manifests differ."""
    pair = tmp_path / "present", tmp_path / "other"
    for build in pair:
        (build / "rtl" / "mem").mkdir(parents=True)
        (build / "rtl" / "top.sv").write_text("module top;\nendmodule\n")
        (build / "rtl" / "mem" / "a.mem").write_text("0f\n")
        (build / "schedule.json").write_text("{}\n")
        (build / "manifest.json").write_text(build.name)
    return pair


def test_what_is_no_hardware_may_differ(builds: tuple[Path, Path]) -> None:
    assert list(differences(*builds)) == []


def test_a_changed_line_is_told_with_its_file(builds: tuple[Path, Path]) -> None:
    (builds[0] / "rtl" / "top.sv").write_text("module top;\n  wire a;\nendmodule\n")
    assert list(differences(*builds, lines=5)) == ["rtl/top.sv: 1 lines", "    +wire a ;"]


def test_a_line_that_begins_with_dashes_is_a_line(builds: tuple[Path, Path]) -> None:
    (builds[1] / "rtl" / "mem" / "a.mem").write_text("0f\n-- the end\n")
    assert list(differences(*builds, lines=5)) == ["rtl/mem/a.mem: 1 lines", "    --- the end"]


def test_a_file_that_only_one_has_is_told(builds: tuple[Path, Path]) -> None:
    (builds[1] / "schedule.json").unlink()
    assert list(differences(*builds)) == ["schedule.json: only in the present one"]


@pytest.mark.parametrize(
    "text",
    [
        "module top; // the network\nendmodule",
        "module/* of\n all */top;endmodule\n",
        "\n  module\n top\t;\n\nendmodule",
    ],
)
def test_comments_and_layout_of_systemverilog_are_no_hardware(builds: tuple[Path, Path], text: str) -> None:
    (builds[0] / "rtl" / "top.sv").write_text(text)
    assert list(differences(*builds)) == []


def test_a_comment_within_a_string_is_hardware(builds: tuple[Path, Path]) -> None:
    for build, name in zip(builds, ("a", "b"), strict=True):
        (build / "rtl" / "top.sv").write_text(f'module top; initial $readmemh("//{name}.mem", m); endmodule\n')
    assert list(differences(*builds)) == ["rtl/top.sv: 2 lines"]
