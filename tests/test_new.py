"""`codesign new`: what it writes is found, complete in its files, and says of each function that it is not written."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codesign import plugins
from codesign.cli.main import status
from codesign.errors import NotWrittenError
from tests.installed import forget, install

DOCS = Path(__file__).parents[1] / "docs"
PACKAGE = "codesign_mean_of_four"
FLOORS = (*plugins.OPERATORS.floors, *plugins.READERS.floors)


@pytest.fixture
def begun(tmp_path, monkeypatch, capfd):
    """Folder of the sources of a package that `codesign new` has begun, and that is installed."""
    assert status(["new", "operator", "mean_of_four", "--out", str(tmp_path / "mine")]) == 0
    capfd.readouterr()
    source = tmp_path / "mine" / "src"
    install(PACKAGE, f"[codesign.operators]\nmean_of_four = {PACKAGE}\n", source, monkeypatch)
    yield source / PACKAGE
    forget(PACKAGE)


def functions(file):
    """The file's functions, those of its classes as `Class.method`."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from (
                (f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, ast.FunctionDef)
            )


@pytest.mark.parametrize("floor", FLOORS, ids=lambda floor: floor.file)
def test_every_function_says_what_belongs_there_and_that_it_is_not_written(begun, floor):
    file = begun / f"{floor.file}.py"
    for source in begun.glob("*.*"):  # the hardware's sources, as if they were written
        if source.suffix in (".sv", ".h"):
            source.write_text("")
    part = plugins.load(floor.package, "mean_of_four")
    names = [name for name, _ in functions(file)]
    assert set(floor.needs) <= {*names, "READERS"}
    for name, node in functions(file):
        assert ast.get_docstring(node)
        owner, _, method = name.rpartition(".")
        called = getattr(getattr(part, owner)(), method) if owner else getattr(part, name)
        arguments = [] if owner else [None] * len(node.args.args)
        with pytest.raises(NotWrittenError, match=rf"{re.escape(str(file))}: {name} is not written yet; its comment"):
            called(*arguments)


@pytest.mark.parametrize(("package", "source"), [("rtl", "mean_of_four.sv"), ("hls", "nnet_mean_of_four.h")])
def test_a_source_of_hardware_that_is_not_written_is_named(begun, package, source):
    with pytest.raises(NotWrittenError, match=rf"{source}: mean_of_four is not written yet"):
        plugins.load(f"codesign.emit.{package}.ops", "mean_of_four")
    assert plugins.load("codesign.graph.ops", "mean_of_four").MeanOfFour.kind == "mean_of_four"


def test_its_tests_fail_until_it_is_written(begun):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(begun.parents[1])],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{begun.parent}:{DOCS.parent}", "PATH": ""},
        timeout=300,
    )
    assert re.search(r"^6 failed", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert "write an input and the output that you expect" in done.stdout


def test_what_is_begun_is_laid_out_as_ruff_wants_it(begun):
    options = ["--isolated", "--no-cache", "--line-length", "120"]
    for command in (["check", "--select", "E,F,I,N,UP,B"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, "."],
            cwd=begun.parents[1],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["operator", "Mean"], "'Mean' is no name"),
        (["operator", "mean__of"], "'mean__of' is no name"),
        (["operator", "lambda"], "'lambda' is a word of Python, C++ or SystemVerilog"),
        (["operator", "float"], "'float' is a word of"),
        (["operator", "before"], "'before' is a word of"),
        (["operator", "maxpool"], "there is an operator 'maxpool' already"),
        (["operator", "window"], "the library of hardware has a part 'window' already"),
        (["operator", "pooling"], "the library of hardware has a part 'pooling' already"),
        (["loss", "mean"], "'loss' is nothing that can be begun; known: detector, classifier, operator"),
    ],
)
def test_what_cannot_be_called_so_is_refused_in_one_line(arguments, text, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert status(["new", *arguments]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert text in line
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path, capfd):
    (tmp_path / "mine").mkdir()
    assert status(["new", "operator", "mean_of_four", "--out", str(tmp_path / "mine")]) == 2
    assert "is there already" in capfd.readouterr().err
    assert list((tmp_path / "mine").iterdir()) == []


def test_the_tutorial_writes_every_file_that_is_begun(begun):
    block = r"^```\w+ file=average_pool/src/codesign_average_pool/(\S+)$"
    written = re.findall(block, (DOCS / "add_operator.md").read_text(), re.MULTILINE)
    files = {file.name.replace("mean_of_four", "average_pool") for file in begun.iterdir() if file.is_file()}
    assert {*written} == files - {"__init__.py"}
