"""Target files: what ships is complete, what is wrong is named."""

import json
import re
from pathlib import Path

import pytest
import yaml

from benchmarks.pages import boards
from codesign.cli.main import status
from codesign.errors import TargetError
from codesign.targets import load_target, target_names, target_of
from codesign.targets.load import FOLDER


@pytest.mark.parametrize("name", target_names())
def test_every_shipped_board_loads_under_its_own_name_with_sources(name: str) -> None:
    target = load_target(name)
    assert target.name == name
    assert all(target.sources)
    assert target.budget.lut < target.resources.lut
    assert target.budget.dsp <= target.resources.dsp


@pytest.mark.parametrize("name", target_names())
def test_every_section_with_figures_names_a_source_and_choices_say_that_they_are_some(name: str) -> None:
    target = load_target(name)
    assert target.memory.source
    assert all(section.source for section in (target.power, target.serial) if section)
    assert any("clock_mhz" in source and "choice" in source for source in target.sources)
    if "share" in target.model_fields_set:
        assert any("share" in source and "choice" in source for source in target.sources)


@pytest.mark.parametrize("name", target_names())
def test_no_schedule_reads_more_than_a_port_of_64_bits_gives(name: str) -> None:
    target = load_target(name)
    for clock_mhz in (50.0, 100.0, 400.0):
        found = target.memory_mb_s(clock_mhz)
        assert 0 < found <= target.share.memory * min(8 * clock_mhz, target.memory.peak_mb_s)


def test_a_port_gives_more_at_a_faster_clock_until_the_memory_has_no_more() -> None:
    target = load_target("pynq-z2")
    assert target.memory_mb_s(200) == 2 * target.memory_mb_s(100)
    assert target.memory_mb_s(400) == target.memory_mb_s(300)


def test_the_pynq_z2_is_an_xc7z020() -> None:
    resources = load_target("pynq-z2").resources
    assert (resources.lut, resources.ff, resources.bram36, resources.dsp) == (53200, 106400, 140, 220)


def test_an_unknown_board_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TargetError, match=r"unknown target 'zcu14'; did you mean 'zcu104'\?"):
        load_target("zcu14")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TargetError, match=r"nowhere\.yaml: there is no such target file"):
        load_target("nowhere.yaml")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("  lut: 53200\n", "", "resources.lut"),
        ("  lut: 53200\n", "  lut: -1\n", "resources.lut"),
        ("clock_mhz: 100\n", "clock_mhz: 100\nclock: 3\n", "clock"),
        ("family: xc7\n", "family: xc6\n", "family"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    shipped = Path(__file__).parents[1] / "codesign" / "targets" / "pynq-z2.yaml"
    path = tmp_path / "board.yaml"
    path.write_text(shipped.read_text().replace(old, new, 1))
    with pytest.raises(TargetError, match=rf"board\.yaml:{key}: "):
        load_target(path)


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text("name: [unclosed")
    with pytest.raises(TargetError, match="not a readable YAML file"):
        load_target(path)


@pytest.mark.parametrize("name", target_names())
def test_energies_are_ranges_with_a_source_each(name: str) -> None:
    energy = load_target(name).energy
    assert energy is not None
    for _, figure in energy:
        assert 0 < figure.low < figure.high
        assert figure.source


def test_a_range_that_is_upside_down_is_named(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[1] / "codesign" / "targets" / "pynq-z2.yaml"
    path = tmp_path / "board.yaml"
    path.write_text(shipped.read_text().replace("low: 0.02\n", "low: 2\n", 1))
    with pytest.raises(TargetError, match=r"board\.yaml:energy\.lut_pj: .*low 2 is above high 0.04"):
        load_target(path)


def test_the_command_lists_all_boards_and_shows_a_file_of_the_users_own(tmp_path, capfd) -> None:
    assert status(["targets"]) == 0
    assert set(target_names()) <= set(capfd.readouterr().out.split())
    shipped = Path(__file__).parents[1] / "codesign" / "targets" / "kv260.yaml"
    own = tmp_path / "own.yaml"
    own.write_text(shipped.read_text().replace("name: kv260", "name: mine").replace("dsp: 1248", "dsp: 77"))
    assert status(["targets", str(own)]) == 0
    text = capfd.readouterr().out
    assert "mine" in text and "77 DSP" in text and "[H]" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_build_of_a_board_that_is_no_longer_understood_says_to_export_it_again() -> None:
    fields = load_target("pynq-z2").model_dump(mode="json")
    fields["power"] = {"board_w": 1.5}
    with pytest.raises(TargetError, match=r"manifest\.json:power\.processor_w: .*export the build again"):
        target_of(fields, "manifest.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "x\n/* y"),
        ("board", 'PYNQ"; exec touch pwned; "'),
        ("board", "PYNQ\n[exec touch pwned]"),
        ("part", "xc7z020; exec touch pwned"),
        ("part", "[exec touch pwned]"),
        ("part", ""),
        ("overlay.board_part", "tul.com.tw:pynq-z2:part0:1.0 [exec touch pwned]"),
        ("overlay.board_part", "pynq-z2"),
    ],
)
def test_what_reaches_tcl_and_systemverilog_is_refused_unless_it_is_a_name(
    key: str, value: str, tmp_path: Path
) -> None:
    fields = load_target("pynq-z2").model_dump(mode="json")
    *path, last = key.split(".")
    place = fields
    for part in path:
        place = place[part]
    place[last] = value
    file = tmp_path / "board.yaml"
    file.write_text(yaml.safe_dump(fields))
    with pytest.raises(TargetError, match=rf"board\.yaml:{key}: .* does not match \^"):
        load_target(file)


def test_names_of_target_files_keep_their_brackets_on_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = load_target("pynq-z2").model_dump(mode="json")
    fields["sources"] = ["[bold] of \x1b[2J"]
    file = tmp_path / "a [bold] board.yaml"
    file.write_text(yaml.safe_dump(fields))
    assert status(["targets", str(file)]) == 0
    assert "source: [bold] of \\u{1b}[2J" in capsys.readouterr().out
    assert status(["targets", str(tmp_path / "no [red] board.yaml")]) == 2
    assert "no [red] board.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock_mhz: 100", "clock_mhz: .inf"),
        ("clock_mhz: 100", "clock_mhz: 1e-300"),
        ("clock_mhz: 100", "clock_mhz: '100'"),
        ("lut: 53200", f"lut: {2**70}"),
        ("lut: 53200", "lut: 1"),  # of which a share leaves none
        ("dsp: 220", "dsp: 2_20"),
        ("dsp: 220", "dsp: true"),
        ("port_bits: 64", "port_bits: 0"),
        ("peak_mb_s: 2100", "peak_mb_s: .nan"),
    ],
)
def test_numbers_out_of_range_are_refused_in_one_line(tmp_path, old, new):
    text = (FOLDER / "pynq-z2.yaml").read_text()
    assert old in text
    (tmp_path / "board.yaml").write_text(text.replace(old, new))
    with pytest.raises(TargetError) as caught:
        load_target(tmp_path / "board.yaml")
    assert "board.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_what_work_adds_to_a_pynq_follows_from_its_measurements_and_holds_the_one_that_was_held_out() -> None:
    found = json.loads((Path(__file__).parents[1] / "benchmarks" / "results" / "energy.json").read_text())
    shipped = load_target("pynq-z2").power
    assert shipped and "benchmarks/cost/energy.py" in shipped.processor_w.source
    assert shipped.processor_w.low == pytest.approx(found["processor_w"]["low_w"], abs=0.001)
    assert shipped.processor_w.high == pytest.approx(found["processor_w"]["high_w"], abs=0.001)
    assert shipped.board_w == pytest.approx(found["processor_w"]["waiting_w"], abs=0.005)
    held_out = {row["network"]: row for row in found["rows"] if row["held_out"]}
    assert set(held_out) == set(found["held_out"]) and not set(held_out) & set(found["calibration"])
    assert all(row["incremental_within_range"] for row in held_out.values())


@pytest.mark.parametrize("name", [name for name in target_names() if load_target(name).overlay])
def test_a_board_with_a_package_says_which_files_its_data_are_from(name: str) -> None:
    target = load_target(name)
    assert target.overlay and target.family in ("xc7", "xcup")
    assert re.fullmatch(r"\d+\.\d+", target.overlay.board_part.rpartition(":")[2])
    if name != "pynq-z2":  # among its sources
        assert "(read)" in target.overlay.source and target.part in target.overlay.source


def test_the_table_of_boards_is_that_of_the_target_files() -> None:
    assert boards.boards() in boards.PAGE.read_text()
