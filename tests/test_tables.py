"""Tables fit the terminal, and no figure of theirs is cut."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.cli.main import status
from codesign.reporting.console import PlainConsole
from codesign.reporting.tables import plain_table, show

SOURCES = Path(__file__).parents[1] / "codesign"
WIDTHS = (80, 60)
FIGURES = st.integers(0, 10**9).map("{:,}".format)


@st.composite
def tables(draw):
    texts, figures = draw(st.integers(1, 3)), draw(st.integers(0, 12))
    names, words = st.text("abc.", min_size=1, max_size=40), st.text("xyz ", max_size=30)
    cells = [names, *[words] * (texts - 1), *[FIGURES] * figures]
    rows = draw(st.lists(st.tuples(*cells), min_size=1, max_size=4))
    return [f"t{i}" for i in range(texts)], [f"f{i}" for i in range(figures)], rows


def printed(table, width):
    console = PlainConsole(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    show(table, console)
    return console.export_text()


@settings(deadline=None, max_examples=200)
@given(tables(), st.integers(50, 120), st.sampled_from([1, 2]))
def test_every_figure_of_every_line_is_shown_whole_within_the_width(made, width, gap):
    texts, figures, rows = made
    table = plain_table(texts, figures, gap=gap)
    for row in rows:
        table.add_row(*row)
    lines = printed(table, width).splitlines()
    assert max(map(len, lines)) <= width
    shown = re.findall(r"[\d,]+", " ".join(line for line in lines if "f0" not in line))
    assert all(cell in shown for row in rows for cell in row[len(texts) :])
    assert all(any(heading in line.split() for line in lines) for heading in figures)


def test_a_table_that_fits_is_one():
    table = plain_table(("name",), ("a", "b"))
    table.add_row("x", "1", "2")
    assert printed(table, 80).splitlines() == ["name  a  b", "x     1  2"]


def test_a_wide_one_repeats_the_names_and_cuts_them_in_front():
    table = plain_table(("name",), ("a", "b"))
    table.add_row("block.of.a.very.long.name", "1" * 30, "2" * 30)
    first, second = printed(table, 50).split("\n\n")
    assert "1" * 30 in first and "2" * 30 in second
    assert all(re.search(r"^…\S*long\.name ", part, re.MULTILINE) for part in (first, second))


def test_no_table_is_made_elsewhere():
    elsewhere = [file.name for file in SOURCES.rglob("*.py") if re.search(r"\bTable\(", file.read_text())]
    assert elsewhere == ["tables.py"]


COMMANDS = (
    "summary codenet-a",
    "summary codenet-a --blocks",
    "targets",
    "targets pynq-z2",
    "new --list",
    "recipe",
    "recipe training.augmentation.scale",
    "report BUILD",
    "compare BUILD BUILD",
    "verify BUILD --images 1 --stages graph,onnxruntime",
    "simulate BUILD --stalls",
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_prints_fits_the_terminal(command, width, tiny_build, build_copy, monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", str(width))
    assert status([str(build_copy) if word == "BUILD" else word for word in command.split()]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines
    assert [line for line in lines if len(line.rstrip()) > width and str(build_copy) not in line] == []


def test_a_pipe_is_eighty_columns_wide(tiny_build, build_copy, monkeypatch, capfd):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert status(["report", str(build_copy)]) == 0
    assert max(map(len, capfd.readouterr().out.splitlines())) <= 80
