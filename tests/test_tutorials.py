"""The tutorials' blocks are run as they stand, in their order, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def programs():
    """A PATH on which `codesign` and `python` are those of this test."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def follow(document, folder):
    """Writes the files that a tutorial names and runs its commands; returns what was printed, command by command."""
    environment = {**os.environ, "PATH": programs(), "OMP_NUM_THREADS": "1", "CODESIGN_CACHE": str(folder / "cache")}
    environment["PYTHONPATH"] = os.pathsep.join([str(DOCS.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    exports, printed = [], {}
    for language, file, text in BLOCK.findall((DOCS / document).read_text()):
        if file:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        for line in text.splitlines() if language == "sh" else ():
            command = "; ".join([*exports, line])
            done = subprocess.run(
                ["sh", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=900
            )
            assert done.returncode == 0, f"{document}: {line}\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
            if line.startswith("export "):
                exports.append(line)
            printed[line] = done.stdout
    return printed


@pytest.mark.slow
def test_an_own_network_goes_from_pytorch_to_a_verified_design(tmp_path):
    printed = follow("own_network.md", tmp_path)
    assert len(printed) == 8
    assert "AP50" in printed["codesign eval build"]
    assert (tmp_path / "build" / "verify.json").is_file()
    assert (tmp_path / "build" / "board" / "vivado.tcl").is_file()
    assert len(list((tmp_path / "found").glob("*.jpg"))) == 56


def test_a_network_of_the_users_own_is_known_only_where_it_lies(tmp_path):
    (tmp_path / "tower.yaml").write_text("name: tower\nmodel: {kind: tower}\n")
    environment = {**os.environ, "CODESIGN_NETWORKS": str(tmp_path / "absent"), "PYTHONPATH": str(DOCS.parent)}
    command = [sys.executable, "-c", "from codesign.cli.main import main; main()", "summary", "tower.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "no network 'tower'; known: codenet, " in done.stderr


@pytest.mark.slow
def test_a_file_from_elsewhere_becomes_a_verified_design(tmp_path):
    printed = follow("foreign_qonnx.md", tmp_path)
    assert "threshold" in printed["python look.py"]
    assert "dilation" in printed["python refused.py"]
    assert (tmp_path / "build" / "verify.json").is_file()


@pytest.mark.parametrize("document", ["own_network.md", "foreign_qonnx.md", "board.md", "frames.md", "pynq.md"])
def test_every_page_that_a_page_links_to_is_there(document):
    links = re.findall(r"\]\(([\w./-]+)\)", (DOCS / document).read_text())
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
