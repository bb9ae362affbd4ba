"""Parts found by name: complete or refused, built in or brought by another package."""

from pathlib import Path

import pytest

from codesign import plugins
from codesign.emit.hls import extension
from codesign.emit.rtl import library
from codesign.errors import GraphError, ToolError
from codesign.resources import rtl_dir
from codesign.targets import load_target, target_names
from tests.installed import forget, install

PARTS = {
    "graph.py": "",
    "hardware.py": "def foldings(): ...\ndef lanes(): ...\ndef dependence(): ...\n",
    "cost.py": "from json import dumps as cost\n",
    "rtl.py": "def block(): ...\n",
    "hls.py": "layers = None\n",
    "onnx.py": "def emit(): ...\n",
    "vectors.py": "def frames(): ...\ndef goals(): ...\n",
    "frontend.py": "READERS = ()\n",
}
BOARD = Path(plugins.ROOT / "targets" / "pynq-z2.yaml").read_text()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with an operator `strange`, and a board beside it."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name, text in ({"__init__.py": ""} | PARTS).items():
        (folder / name).write_text(text)
    (folder / "my-board.yaml").write_text(BOARD.replace("name: pynq-z2", "name: my-board"))
    entry_points = "[codesign.operators]\nstrange = elsewhere\n[codesign.targets]\nmy-board = elsewhere\n"
    install("elsewhere", entry_points, tmp_path, monkeypatch)
    yield folder
    forget("elsewhere")


@pytest.mark.parametrize("registry", [plugins.OPERATORS, plugins.NETWORKS, plugins.TASKS], ids=lambda r: r.what)
def test_what_this_package_brings_is_complete(registry):
    kinds = plugins.names(registry.floors[0].package)
    assert kinds
    for kind in kinds:
        for floor in registry.floors:
            assert plugins.load(floor.package, kind).__name__ == f"{floor.package}.{kind}"


@pytest.mark.parametrize("floor", plugins.DATASETS.floors, ids=lambda f: f.file)
def test_data_sets_of_this_package_are_complete(floor):
    assert plugins.names(floor.package)
    for kind in plugins.names(floor.package):
        part = plugins.load(floor.package, kind)
        assert all(callable(getattr(part, need)) for need in floor.needs)


def test_an_operator_of_another_package_is_found_on_every_floor(package):
    for floor in (*plugins.OPERATORS.floors, *plugins.READERS.floors):
        assert "strange" in plugins.names(floor.package)
        assert plugins.load(floor.package, "strange").__file__ == str(package / f"{floor.file}.py")
    assert package in plugins.outside_folders(plugins.OPERATORS.group)


@pytest.mark.parametrize("part", [name for name in PARTS if name != "frontend.py"])
def test_an_operator_without_a_part_is_refused_by_the_name_of_the_file(package, part):
    (package / part).unlink()
    with pytest.raises(GraphError, match=rf"operator 'strange' is incomplete: there is no .*{part}") as refused:
        plugins.load("codesign.graph.ops", "strange")
    assert "write it" in refused.value.remedy


def test_an_operator_that_states_no_dependence_is_refused_by_the_name_of_the_function(package):
    (package / "hardware.py").write_text("def foldings(): ...\ndef lanes(): ...\n")
    with pytest.raises(GraphError, match=r"hardware\.py does not define dependence"):
        plugins.load("codesign.cost.ops", "strange")


def test_an_operator_may_do_without_a_reader_of_onnx(package):
    (package / "frontend.py").unlink()
    assert "strange" not in plugins.names("codesign.frontend.ops")
    assert plugins.load("codesign.graph.ops", "strange")


@pytest.mark.parametrize(
    ("floor", "what"),
    [
        ("codesign.graph.ops", "operator"),
        ("codesign.networks", "network"),
        ("codesign.tasks", "task"),
        ("codesign.data.detection", "data set"),
    ],
)
def test_what_is_not_known_is_called_what_it_is(floor, what):
    with pytest.raises(GraphError, match=f"there is no {what} 'nothing'"):
        plugins.load(floor, "nothing")


def test_a_board_of_another_package_is_found_by_its_name(package):
    assert "my-board" in target_names()
    assert load_target("my-board").name == "my-board"


def test_an_operator_cannot_have_the_name_of_another_one(package, tmp_path, monkeypatch):
    install("again", "[codesign.operators]\nmaxpool = elsewhere\n", tmp_path, monkeypatch)
    with pytest.raises(GraphError, match="there is another operator 'maxpool'"):
        plugins.names("codesign.graph.ops")


def test_two_packages_cannot_bring_operators_of_one_name(package, tmp_path, monkeypatch):
    install("again", "[codesign.operators]\nstrange = again\n", tmp_path, monkeypatch)
    with pytest.raises(
        GraphError, match=r"elsewhere: again brings 'strange' too|again: elsewhere brings 'strange' too"
    ):
        plugins.names("codesign.graph.ops")


def test_a_module_that_two_folders_hold_is_refused(package):
    (package / "ram.sv").write_text("module ram; endmodule\n")
    with pytest.raises(ToolError, match="holds a module 'ram' too; rename one of them"):
        library.sources(["window"], rtl_dir())


def test_a_header_that_two_folders_hold_is_refused(package):
    (package / "nnet_windows.h").write_text("")
    with pytest.raises(ToolError, match=r"there is .*nnet_windows\.h too; rename one of them"):
        extension._headers()
