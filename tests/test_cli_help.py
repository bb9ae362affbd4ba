"""The first commands that anyone types: help, version, completion, and what each command says of itself."""

import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import codesign
from codesign.cli.help import SECTIONS
from codesign.cli.main import build_command, status
from tests.test_shell_blocks import look_at_codesign

PROGRAM = (sys.executable, "-m", "codesign")
NAMES = tuple(build_command().commands)
WIDTHS = (60, 80, 120)


def module(name):
    return import_module(f"codesign.cli.commands.{name}")


@pytest.mark.parametrize("arguments", [[], ["help"], ["-h"], ["--help"]])
def test_help_names_every_command_in_its_section(arguments, capfd):
    assert status(arguments) == 0
    text = capfd.readouterr().out
    assert all(re.search(rf"^│ {name} ", text, re.MULTILINE) for name in NAMES)
    assert all(section in text for section in SECTIONS)


@pytest.mark.parametrize("arguments", [["--version"], ["-V"]])
def test_the_version_is_one_line(arguments, capfd):
    assert status(arguments) == 0
    assert capfd.readouterr().out == f"codesign {codesign.__version__}\n"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_help_is_wrapped_to_the_terminal_and_speaks_no_jargon(name, width, monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", str(width))
    assert status(["help", name]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    text = " ".join(lines)
    for jargon in ("<bool>", "<str>", "<path>", "[default: default]", "[default: None]", "default: ]"):
        assert jargon not in text
    usage = text[: text.index("╭")]
    assert not re.search(r"[{}]", usage.split(inspect_first_line(name))[0])
    assert "Examples:" in text and "--quiet" in text and "--verbose" in text


def inspect_first_line(name):
    return " ".join(module(name).run.__doc__.split())[:30]


@pytest.mark.parametrize("name", NAMES)
def test_paragraphs_are_filled(name, monkeypatch, capfd):
    """Lines of the docstring do not show: a line ends because the next word has no room."""
    monkeypatch.setenv("COLUMNS", "80")
    assert status(["help", name]) == 0
    text = capfd.readouterr().out
    prose = text[text.index("[OPTIONS]") : text.index("╭")].splitlines()[1:]
    for line, following in pairwise(prose):
        if line.strip() and following.strip():
            assert len(line.rstrip()) + 1 + len(following.split()[0]) > 78, line


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_command_are_commands(name):
    assert module(name).EXAMPLES
    for line, told in module(name).EXAMPLES:
        program, verb, *_ = words = shlex.split(line)
        assert (program, verb) == ("codesign", name) and told
        made = {word for word in words[2:] if word.partition("/")[0] in ("builds", "runs", "pictures", "photo.png")}
        assert look_at_codesign(words[1:], made, {}, []) is None, line


@pytest.mark.parametrize("name", NAMES)
def test_a_command_has_its_place(name):
    assert module(name).SECTION in SECTIONS
    places = [(module(other).SECTION, module(other).ORDER) for other in NAMES]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_given_what_completes(shell, tmp_path):
    environment = {**os.environ, "_CODESIGN_COMPLETE": f"complete_{shell}", "HOME": str(tmp_path)}
    environment |= {"COMP_WORDS": "codesign exp", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "codesign exp"}
    environment |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = subprocess.run(PROGRAM, env=environment, capture_output=True, text=True, check=False)
    assert "export" in done.stdout and "verify" not in done.stdout, done.stderr


def test_completion_can_be_installed(capfd):
    assert status(["--help"]) == 0
    assert "--install-completion" in capfd.readouterr().out


def test_the_package_shows_its_functions():
    functions = {file.stem for file in (Path(codesign.__file__).parent / "api").glob("[a-z]*.py")}
    functions -= {"bitstream"}  # a part of `synth`
    assert {name for name in dir(codesign) if not name.startswith("_")} == functions == set(codesign.__all__)


def test_quiet_and_verbose_contradict_each_other(capfd):
    assert status(["targets", "-q", "-v"]) == 2
    assert "contradict each other" in capfd.readouterr().err


def test_verbose_tells_where_an_error_comes_from(capfd):
    for arguments in (["-v", "report", "nowhere"], ["report", "nowhere", "-v"]):
        assert status(arguments) == 2
        err = capfd.readouterr().err
        assert "Traceback" in err and err.splitlines()[-1].startswith("codesign: error: nowhere")
    assert status(["report", "nowhere"]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_what_to_begin_is_asked_for(capfd):
    assert status(["new"]) == 2
    assert "--list" in capfd.readouterr().err


def test_the_recipes_that_ship_are_listed(capfd):
    assert status(["new", "--list"]) == 0
    text = capfd.readouterr().out
    assert re.search(r"codenet-digits +detection +codenet +digits +ships +96x96 +10", text)
    assert "resnet-18-binary" in text
