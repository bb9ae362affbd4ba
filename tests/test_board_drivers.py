"""The drivers in C and in Python on one simulated board: registers, DMAs and memory as a processor sees them."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codesign.board import classification, detection
from codesign.build_folder import open_build
from codesign.emit.driver.certificate import expected
from codesign.emit.driver.description import describe
from codesign.emit.driver.package import SOURCES, TEMPLATES, header
from codesign.emit.driver.system import Dma, System
from codesign.emit.rtl.project import RtlProject
from codesign.emit.templating import template
from codesign.progress import silent
from codesign.verification.images import random_images, verification_images
from codesign.verification.predict import predictions
from tests import board_model, sparse, streamed
from tests.made_once import made_once

IMAGES = 16
PAGE = Path(__file__).parents[1] / "docs" / "c_driver.md"
ARM = ("arm-linux-gnueabihf-gcc", "aarch64-linux-gnu-gcc", "arm-none-eabi-gcc")


@dataclass(frozen=True, eq=False)
class Board:
    """A design's parts, the compiled model of the board around it, frames, and by output what those should give."""

    parts: object
    model: object
    frames: np.ndarray
    wanted: dict

    @property
    def description(self):
        return json.loads((self.parts / "board" / "deploy" / "design.json").read_text())


def board_of(design, parts, model, frames):
    def make(making):
        making.mkdir()
        facts = json.loads((parts / "board" / "deploy" / "design.json").read_text())
        board_model.build_board(parts / "rtl", making, facts["registers"]["address"], facts["inputs"][0]["dma_address"])
        (making / "mem").symlink_to(parts / "rtl" / "mem")

    wanted = expected(design, dict.fromkeys(design.graph.inputs, frames))
    names = [design.graph.origins.get(name, name) for name in wanted]
    return Board(parts, made_once(model, make), frames, dict(zip(names, wanted.values(), strict=True)))


@pytest.fixture(scope="module")
def tiny(tiny_build, common_folder):
    """The smallest detector, with frames of its data set and others."""
    build = open_build(tiny_build)
    seen = verification_images(build, IMAGES)
    frames = np.concatenate((seen, random_images(build.graph.inputs["image"], IMAGES - len(seen))))
    return board_of(build.design, tiny_build, common_folder / "board_tiny", frames)


@pytest.fixture(scope="module")
def peaks(tiny_build, tiny, common_folder):
    """The same, sending its peaks only."""
    parts = common_folder / "peaks"
    made_once(parts, lambda making: (making.mkdir(), sparse.emit(open_build(tiny_build), making)))
    design = sparse.designed(open_build(tiny_build).graph, streaming=True, sparse=True)
    return board_of(design, parts, common_folder / "board_peaks", tiny.frames)


@pytest.fixture(scope="module")
def from_memory(common_folder):
    """A network that reads its weights from memory, and has no recipe."""
    parts = common_folder / "from_memory"
    made_once(parts, lambda making: (making.mkdir(), streamed.emit(making)))
    (kind,) = streamed.network().inputs.values()
    return board_of(streamed.small(), parts, common_folder / "board_from_memory", random_images(kind, 3))


BOARDS = ["tiny", "from_memory", pytest.param("peaks", marks=pytest.mark.slow)]


@pytest.fixture
def board(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def run_in_c(tmp_path_factory):
    """Runs the driver in C once for each board: the folder that it has written into, and what it has printed."""

    @cache
    def run(board):
        folder, driver = tmp_path_factory.mktemp("c"), board.parts / "driver"
        program = board_model.compile_driver(driver, "main.c", folder / "drive", board.model / "libboard.so")
        board.frames.transpose(0, 2, 3, 1).astype("<i4").tofile(folder / "frames.i32")
        (folder / "mem").symlink_to(board.parts / "rtl" / "mem")
        weights = [board.parts / "rtl" / "weights.bin"] if board.description["weights"] else []
        command = [program, "frames.i32", str(len(board.frames)), driver / "certificate.bin", *weights]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr[-4000:]
        return folder, done.stdout

    return run


def values_of(board):
    """The integers of all outputs, frame by frame, as the program in C writes them."""
    outputs = [values.reshape(len(board.frames), -1) for values in board.wanted.values()]
    return np.concatenate(outputs, axis=1).ravel()


@pytest.mark.parametrize("board", BOARDS, indirect=True)
def test_the_driver_in_c_gives_the_integer_graphs_bits(board, run_in_c):
    """With every warning an error, and with the sanitizers of addresses and of undefined behaviour."""
    folder, said = run_in_c(board)
    assert np.array_equal(np.fromfile(folder / "outputs.i32", "<i4"), values_of(board))
    figures = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    interval, latency = map(int, figures["cycles"].split())
    assert interval > 0 and latency > 0
    assert said.endswith("pass\n")


@pytest.mark.parametrize("board", BOARDS, indirect=True)
def test_the_self_test_in_c_names_the_value_that_differs(board, run_in_c):
    _, said = run_in_c(board)
    (line,) = [line for line in said.splitlines() if line.startswith("first ")]
    frame, output, *place, recorded, found = map(int, line.split()[1:])
    last = list(board.wanted.values())[-1][0]
    assert (frame, output) == (1, len(board.wanted) - 1)
    assert tuple(place) == tuple(size - 1 for size in last.shape) and recorded ^ 1 == found


def boxes_of_c(file):
    """For each frame the members (n, 6) of its boxes: x0, y0, x1, y1, score, label."""
    numbers, found = np.fromfile(file, "<f8").tolist(), []
    while numbers:
        count = int(numbers.pop(0))
        found.append(np.reshape(numbers[: 6 * count], (count, 6)))
        del numbers[: 6 * count]
    return found


def assert_same_boxes(found, wanted):
    """Places to the last bit; scores but for the last bits of exp(), in which two libraries may differ."""
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        assert np.array_equal(ours[:, :4], theirs.boxes) and np.array_equal(ours[:, 5], theirs.labels)
        assert np.allclose(ours[:, 4], theirs.scores, rtol=1e-14, atol=0)


@pytest.mark.parametrize("board", ["tiny", pytest.param("peaks", marks=pytest.mark.slow)], indirect=True)
def test_boxes_in_c_are_pytorchs(board, tiny_build, run_in_c):
    wanted = list(predictions(open_build(tiny_build), "brevitas", board.frames, silent))
    assert sum(map(len, wanted)) > IMAGES == len(wanted)
    assert_same_boxes(boxes_of_c(run_in_c(board)[0] / "told.f64"), wanted)


def told_in_c(folder, task, settings, outputs, frames):
    """What the driver in C says of outputs alone; outputs: shape and scale by name. frames: (N, ...) int32 by name."""
    design = streamed.small()
    system = System(RtlProject(folder, "told", "0" * 64, 1, (), (), ()), None)
    facts = describe(system, design, None, None)
    context = header(facts, system, design) | {
        "outputs": [mapped(name, shape, scale) for name, (shape, scale) in outputs.items()],
        "values": [int(np.prod(shape)) for shape, _ in outputs.values()],
        "inputs": [mapped("image", (1, 1, 1), 1.0)],
        "dmas": (Dma(0, None, None, None),),
        "buffer_bytes": 64,
    }
    classes = [f"class {number}" for number in range(next(iter(outputs.values()))[0][0])]
    context["facts"] = facts | {"decode": {"task": task, "classes": classes, "settings": settings}}
    (folder / "design.h").write_text(template(TEMPLATES, "design.h.j2").render(context))
    for name in SOURCES:
        shutil.copyfile(TEMPLATES / name, folder / name)
    program = board_model.compile_driver(folder, "decode.c", folder / "decode")
    flat = [frames[name].reshape(len(frames[name]), -1) for name in outputs]
    np.concatenate(flat, axis=1).astype("<i4").tofile(folder / "outputs.i32")
    done = subprocess.run([program, "outputs.i32"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "told.f64"


def mapped(name, shape, scale):
    facts = {"signed": True, "base": 0, "step": 1, "lanes": 1, "lane_bytes": 4, "range": (-128, 127)}
    return {**facts, "name": name, "shape": shape, "scale": [scale], "frame_bytes": 4, "dma_index": 0}


@pytest.mark.parametrize("levels", [2, 4, 200])
def test_boxes_in_c_are_the_drivers_in_python_whatever_the_maps(levels, tmp_path):
    """Few levels of heat give ties, ordered by class, row and column, and plateaus, of which the first place counts."""
    rng, frames = np.random.default_rng(levels), 40
    shapes = {"heat": (3, 5, 7), "size": (2, 5, 7), "offset": (2, 5, 7)}
    scales = {"heat": 0.05, "size": 0.375, "offset": 0.0625}
    maps = {name: rng.integers(-levels, levels, (frames, *shape)) for name, shape in shapes.items()}
    maps["heat"][0] = 3  # no place above another
    settings = {"stride": 4, "max_boxes": 9}
    outputs = {name: (shapes[name], scales[name]) for name in shapes}
    found = boxes_of_c(told_in_c(tmp_path, "detection", settings, outputs, maps))
    wanted = [detection.read({name: maps[name][i] for name in maps}, scales, **settings) for i in range(frames)]
    assert len(wanted[0]) == 0 and max(map(len, wanted)) == 9
    assert_same_boxes(found, wanted)


def test_classes_in_c_are_the_drivers_in_python(tmp_path):
    rng, scale = np.random.default_rng(5), 0.03125
    scores = rng.integers(-100, 100, (50, 12, 1, 1))
    scores[0] = 7  # of equal ones the first
    file = told_in_c(tmp_path, "classification", {}, {"scores": ((12, 1, 1), scale)}, {"scores": scores})
    found = np.fromfile(file, "<f8").reshape(-1, 2)
    wanted = [classification.read({"scores": one}, {"scores": scale}) for one in scores]
    assert found[:, 0].tolist() == [one.label for one in wanted] and wanted[0].label == 0
    assert np.allclose(found[:, 1], [one.probability for one in wanted], rtol=1e-13, atol=0)


def test_indices_of_classes_in_c_are_classes(tmp_path):
    indices = np.random.default_rng(5).integers(0, 3, (20, 3, 1, 1))
    file = told_in_c(tmp_path, "classification", {"indices": True}, {"argmax": ((3, 1, 1), 1.0)}, {"argmax": indices})
    found = np.fromfile(file, "<f8").reshape(-1, 2)
    wanted = [classification.read({"argmax": one}, {"argmax": 1.0}, indices=True) for one in indices]
    assert found[:, 0].tolist() == [one.label for one in wanted] == indices[:, 0, 0, 0].tolist()
    assert np.isnan(found[:, 1]).all()


def test_the_example_of_the_page_compiles(tiny_build, tmp_path):
    (example,) = re.findall(r"```c\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "example.c").write_text(example)
    options = [*board_model.STRICT, "-I", tiny_build / "driver", "-c"]
    board_model.call(["gcc", *options, tmp_path / "example.c", "-o", tmp_path / "example.o"], tmp_path)


@pytest.fixture
def python_driver(board, tmp_path, monkeypatch):
    """The package's own copy of the driver, and the place that it opens, on the simulated board."""
    deployed = shutil.copytree(board.parts / "board" / "deploy", tmp_path / "deploy")
    monkeypatch.chdir(board.model)
    monkeypatch.syspath_prepend(str(deployed))
    monkeypatch.setitem(sys.modules, "pynq", board_model.pynq_of(board.model / "libboard.so", board.description))
    for name in [name for name in sys.modules if name.startswith("codesign_board")]:
        monkeypatch.delitem(sys.modules, name)
    yield importlib.import_module("codesign_board.driver"), deployed
    for name in [name for name in sys.modules if name.startswith("codesign_board")]:
        del sys.modules[name]


@pytest.mark.parametrize("board", BOARDS, indirect=True)
def test_the_driver_in_python_tests_itself_on_the_same_board(board, python_driver):
    driver, deployed = python_driver
    with driver.Accelerator(str(deployed / "design.bit")) as net:
        found = net.self_test()
        assert found.passed and str(found) == "pass: 2 frames"
        data = bytearray((deployed / "certificate.bin").read_bytes())
        data[-4] ^= 1
        (deployed / "certificate.bin").write_bytes(data)
        wrong = net.self_test()
        last = list(board.wanted.values())[-1][0]
        assert not wrong.passed and (wrong.difference.frame, wrong.difference.output) == (1, list(board.wanted)[-1])
        assert (wrong.difference.channel, wrong.difference.y, wrong.difference.x) == tuple(n - 1 for n in last.shape)
        assert wrong.difference.expected ^ 1 == wrong.difference.found and str(wrong).startswith(
            "FAIL: frame 1, output"
        )
        data[20] ^= 1
        (deployed / "certificate.bin").write_bytes(data)
        with pytest.raises(ValueError, match="is of network"):
            net.self_test()
        data[20] ^= 1
        (deployed / "certificate.bin").write_bytes(data[:-1])
        with pytest.raises(ValueError, match=rf"has {len(data) - 1} bytes, not {len(data)}"):
            net.self_test()


@pytest.mark.parametrize("board", ["tiny"], indirect=True)
def test_boxes_of_the_driver_in_python_are_pytorchs(board, python_driver, tiny_build):
    driver, deployed = python_driver
    frames = board.frames.transpose(0, 2, 3, 1).astype(np.uint8)
    with driver.Accelerator(str(deployed / "design.bit"), batch=5) as net:
        found = net(frames)
    for ours, theirs in zip(found, predictions(open_build(tiny_build), "brevitas", board.frames, silent), strict=True):
        assert all(np.array_equal(vars(ours)[name], value) for name, value in vars(theirs).items())


@pytest.mark.parametrize("board", ["from_memory", "tiny"], indirect=True)
def test_memory_beyond_what_the_hardware_addresses_is_refused(board, python_driver, monkeypatch):
    driver, deployed = python_driver
    allocate = sys.modules["pynq"].allocate

    def far_away(shape, dtype):
        buffer = allocate(shape, dtype)
        buffer.device_address = (1 << 32) - buffer.nbytes + 1
        return buffer

    monkeypatch.setattr(sys.modules["pynq"], "allocate", far_away)
    with pytest.raises(driver.BoardError, match="beyond what the hardware can address"):
        driver.Accelerator(str(deployed / "design.bit"))


@pytest.mark.parametrize("compiler", ARM)
def test_the_driver_in_c_compiles_for_arm(compiler, tiny_build):
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    sources = tiny_build / "driver" / "accelerator.c"
    board_model.call([compiler, *board_model.STRICT, "-O2", "-c", sources, "-o", "/dev/null"], tiny_build)


def test_the_certificate_says_what_it_was_made_from(tiny_build):
    build = open_build(tiny_build)
    for folder in (build.driver, build.deployed):
        said = json.loads((folder / "certificate.json").read_text())
        assert said["network"] == json.loads((build.rtl / "project.json").read_text())["digest"]
        assert said["versions"]["codesign"] == build.manifest["codesign"]
        assert {"onnx", "verilator"} <= said["versions"].keys()
        verdict = json.loads((folder / "verdict.json").read_text())
        assert verdict["exact"] is True and verdict["network"] == said["network"] and verdict["stages"]["rtl"] is True
    assert (build.driver / "certificate.bin").read_bytes() == (build.deployed / "certificate.bin").read_bytes()


def test_another_weight_makes_another_certificate(tmp_path, from_memory):
    said = json.loads((from_memory.parts / "driver" / "certificate.json").read_text())
    assert said["weights"] is not None
    copy = shutil.copytree(from_memory.parts, tmp_path / "copy")
    data = bytearray((copy / "rtl" / "weights.bin").read_bytes())
    data[0] ^= 1
    (copy / "rtl" / "weights.bin").write_bytes(data)
    assert recertified(copy)["weights"] != said["weights"]
    (copy / "rtl" / "top.sv").write_text((copy / "rtl" / "top.sv").read_text() + "\n")
    assert recertified(copy)["rtl"] != said["rtl"]


def recertified(folder):
    from codesign.emit.driver.certificate import write_certificate
    from codesign.emit.rtl.project import RtlProject

    inputs = json.loads((folder / "board" / "deploy" / "design.json").read_text())["inputs"]
    write_certificate(streamed.small(), RtlProject.load(folder / "rtl"), inputs, {}, folder)
    return json.loads((folder / "certificate.json").read_text())
