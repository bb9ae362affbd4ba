"""The tutorials' blocks are run as they stand, in their order, in an empty folder."""

import json
import os
import random
import re
import shlex
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.picture_sets import voc_xml

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def programs():
    """A PATH on which `codesign` and `python` are those of this test."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def place_to_install(folder):
    """A PATH on which `codesign` and `python` have what this test's have, and `pip install` adds to `folder` only."""
    venv.create(folder, with_pip=False)
    (places,) = folder.glob("lib/python*/site-packages")
    inherited = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (places / "inherited.pth").write_text("\n".join(inherited) + "\n")
    program = folder / "bin" / "codesign"
    program.write_text(f"#!{folder}/bin/python\nfrom codesign.cli.main import main\nmain()\n")
    program.chmod(0o755)
    return os.pathsep.join([str(folder / "bin"), programs()])


def follow(document, folder, path="", smaller=lambda line: line):
    """Writes the files that a tutorial names and runs its commands; returns what was printed, command by command.

    smaller: what is run in the stead of a line.
    """
    environment = {**os.environ, "PATH": path or programs(), "OMP_NUM_THREADS": "1"}
    environment |= {"CODESIGN_CACHE": str(folder / "cache")}
    environment["PYTHONPATH"] = os.pathsep.join([str(DOCS.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # 0: build as it stands
    exports, printed = [], {}
    for language, file, text in BLOCK.findall((DOCS / document).read_text()):
        if file:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        lines = (" ".join(shlex.split(line, comments=True, posix=False)) for line in text.splitlines())
        for line in filter(None, lines) if language == "sh" else ():
            command = "; ".join([*exports, smaller(line)])
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
    assert "operator 'LpPool' is not supported" in printed["python refused.py"]
    assert (tmp_path / "build" / "verify.json").is_file()


@pytest.mark.slow
def test_an_operator_written_outside_is_verified_on_every_floor(tmp_path):
    path = place_to_install(tmp_path / "env")
    printed = follow("add_operator.md", tmp_path, path)
    assert "AveragePool.infer is not written yet" in printed["python ask.py"]
    assert "8 passed" in printed["python -m pytest -q average_pool"]
    assert (tmp_path / "build" / "rtl" / "library" / "average_pool.sv").is_file()
    verified = json.loads((tmp_path / "build" / "verify.json").read_text())
    assert {stage["name"] for stage in verified["stages"]} >= {"qonnx", "onnxruntime", "graph", "hls", "rtl"}


@pytest.mark.slow
def test_a_board_of_a_file_becomes_one_by_name(tmp_path):
    printed = follow("add_board.md", tmp_path, place_to_install(tmp_path / "env"))
    assert "arty-a7-35t" in printed["codesign targets"]
    assert (tmp_path / "build" / "report.json").is_file()


@pytest.mark.slow
def test_a_data_set_of_another_package_is_trained_on(tmp_path):
    printed = follow("add_dataset.md", tmp_path, place_to_install(tmp_path / "env"))
    assert "accuracy" in printed["codesign eval build"]


CLASSES = {"RBC": (200, 60, 60), "WBC": (90, 60, 160), "Platelets": (200, 180, 60)}
SHORT = "--set training.float_phase.epochs=2 --set training.quantized_phase.epochs=1"


def draw_cells(folder, trained=12, measured=6):
    """A VOC folder of drawn cells: 96 x 72 pixels, one cell of each class a picture."""
    for place in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / place).mkdir(parents=True)
    names = [f"cell_{number:03}" for number in range(trained + measured)]
    chance = random.Random(0)
    for name in names:
        image, objects = Image.new("RGB", (96, 72), (230, 220, 220)), []
        for column, (kind, colour) in enumerate(CLASSES.items()):
            side = chance.randrange(16, 24)
            x, y = 32 * column + chance.randrange(32 - side), chance.randrange(72 - side)
            ImageDraw.Draw(image).ellipse((x, y, x + side - 1, y + side - 1), fill=colour)
            objects.append((kind, (x, y, x + side, y + side)))
        image.save(folder / "JPEGImages" / f"{name}.jpg")
        (folder / "Annotations" / f"{name}.xml").write_text(voc_xml(objects, f"{name}.jpg", (96, 72)))
    for split, some in (("trainval", names[:trained]), ("test", names[trained:])):
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{name}\n" for name in some))


@pytest.mark.slow
def test_a_folder_of_pictures_in_four_formats_becomes_verified_designs(tmp_path):
    draw_cells(tmp_path / "cells")
    printed = follow(
        "tutorial_cells.md", tmp_path, smaller=lambda line: re.sub(r"codesign train \S+", rf"\g<0> {SHORT}", line)
    )
    assert "VOC, 3 classes" in printed["codesign new detector cells"]
    for name, title in (("cells-yolo", "YOLO"), ("cells-coco", "COCO")):
        found = printed[f"codesign new detector {name}"]
        assert f"{title}, 3 classes" in found
        assert "12 pictures, 36 objects" in found and "6 pictures, 18 objects" in found
    assert "accuracy" in printed["codesign train cells-crops.yaml"]
    assert len(list((tmp_path / "detected").glob("*.jpg"))) == 18
    for name in ("cells", "cells-crops"):
        assert json.loads((tmp_path / "builds" / name / "verify.json").read_text())["stages"]
        assert (tmp_path / "runs" / name / "report.html").is_file()


def test_a_network_of_another_package_is_known(tmp_path):
    printed = follow("add_network.md", tmp_path, place_to_install(tmp_path / "env"))
    assert "floor2" in printed["codesign summary tower.yaml"]


PAGES = (
    *(
        "tutorial_cells.md",
        "pictures.md",
        "own_network.md",
        "foreign_qonnx.md",
        "board.md",
        "frames.md",
        "pynq.md",
        "contributing.md",
    ),
    *("add_operator.md", "add_board.md", "add_dataset.md", "add_network.md"),
)


@pytest.mark.parametrize("document", PAGES)
def test_every_page_that_a_page_links_to_is_there(document):
    links = re.findall(r"\]\(([\w./-]+)\)", (DOCS / document).read_text())
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
