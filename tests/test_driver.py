"""The driver for the board, driving the simulated hardware: what comes out is what PyTorch says, to the bit."""

import ast
import os
import pickle
import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from cocotb_tools.runner import get_runner

from benchmarks.pages import notebook
from codesign import bench, board
from codesign.build_folder import open_build
from codesign.emit.rtl.verilator import environment
from codesign.graph import execute
from codesign.progress import silent
from codesign.verification.images import random_images, verification_images
from codesign.verification.predict import predictions
from tests import sparse
from tests.streamed import emit, network

HERE = Path(__file__).parent

IMAGES = 16


def run_driver(folder, frames, expected, tests, monkeypatch):
    """Simulates `folder`'s accelerator under the driver of its package; the cocotb tests that failed."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    rtl, package = folder / "rtl", folder / "board"
    task = folder / "task.pickle"
    task.write_bytes(pickle.dumps({"frames": frames, "expected": expected, "notebook": notebook.code_cells()}))
    visible = folder / "visible.vlt"  # to cocotb: the pins only
    visible.write_text('`verilator_config\npublic_flat_rw -module "accelerator" -var "*"\n')
    sources = [rtl / name for name in (rtl / "files.f").read_text().split()]
    runner = get_runner("verilator")
    runner.build(
        sources=[visible, *sources, rtl / "accelerator.v"],
        hdl_toplevel="accelerator",
        build_dir=folder / "sim",
        build_args=["--no-public-flat-rw", "--assert", "--x-initial", "unique", *bench.QUICK_BUILD],
    )
    results = runner.test(
        test_module="board_cocotb",
        hdl_toplevel="accelerator",
        build_dir=folder / "sim",
        test_dir=rtl,
        results_xml=str(folder / "results.xml"),
        testcase=tests,
        plusargs=["+verilator+rand+reset+2"],
        extra_env={
            "BOARD_PACKAGE": str(package),
            "BOARD_TASK": str(task),
            "COCOTB_LOG_LEVEL": "WARNING",
            "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
        },
    )
    cases = [*ElementTree.parse(results).getroot().iter("testcase")]
    assert len(cases) == len(tests)
    return [case.get("name") for case in cases if case.find("failure") is not None]


def images_and_boxes(build):
    """Images (N, C, H, W), those of the recipe and random ones, and the boxes that PyTorch finds in each."""
    seen = verification_images(build, IMAGES)
    images = np.concatenate((seen, random_images(build.graph.inputs["image"], IMAGES - len(seen))))
    return images, list(predictions(build, "brevitas", images, silent))


def as_camera_frames(images):
    """(N, C, H, W) as (N, H, W, C) bytes."""
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)).astype(np.uint8)


@pytest.mark.slow
def test_boxes_from_the_board_are_pytorchs_boxes(tiny_build, tmp_path, monkeypatch, cache_folder):
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))
    images, expected = images_and_boxes(open_build(tiny_build))
    assert sum(map(len, expected)) > IMAGES
    for name in ("rtl", "board"):
        shutil.copytree(tiny_build / name, tmp_path / name)
    tests = [
        "frames_in_give_what_the_network_says",
        "a_frame_of_another_shape_does_not_disturb_the_next",
        "a_description_of_another_network_is_refused",
        "the_notebook_runs",
    ]
    assert run_driver(tmp_path, as_camera_frames(images), expected, tests, monkeypatch) == []


@pytest.mark.slow
def test_peaks_alone_give_pytorchs_boxes(tiny_build, tmp_path, monkeypatch, cache_folder):
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))
    build = open_build(tiny_build)
    images, expected = images_and_boxes(build)
    sparse.emit(build, tmp_path)
    tests = ["frames_in_give_what_the_network_says", "the_notebook_runs"]
    assert run_driver(tmp_path, as_camera_frames(images), expected, tests, monkeypatch) == []


@pytest.mark.slow
def test_weights_are_put_where_the_hardware_reads_them(tmp_path, monkeypatch):
    emit(tmp_path)
    (kind,) = network().inputs.values()
    images = random_images(kind, 3)
    outputs = execute(network(), {"image": images}, network().outputs)
    expected = [{name: values[i].astype(float) for name, values in outputs.items()} for i in range(len(images))]
    tests = ["a_batch_gives_what_the_network_says"]
    assert run_driver(tmp_path, as_camera_frames(images), expected, tests, monkeypatch) == []


@pytest.mark.parametrize("lane_bytes", [1, 2, 3])
@pytest.mark.parametrize(("signed", "base", "step"), [(True, 0, 1), (False, 0, 1), (False, -1, 2)])
def test_a_stream_packs_and_unpacks_every_integer(lane_bytes, signed, base, step):
    from codesign.board.driver import Stream

    lowest = -(1 << (8 * lane_bytes - 1)) if signed else 0
    count = 2 if step == 2 else 1 << 8 * lane_bytes
    ends = base + step * np.array([lowest, lowest + count - 1])
    values = np.resize(np.concatenate((ends, np.arange(*ends, step)[:7])), (3, 2, 5))
    stream = Stream(
        {
            "name": "x",
            "dma": "dma_0",
            "dma_address": 0,
            "shape": (5, 3, 2),
            "lanes": 3,
            "lane_bytes": lane_bytes,
            "signed": signed,
            "base": base,
            "step": step,
            "range": [int(v) for v in ends],
            "scale": [1.0],
        }
    )
    data = stream.pack(values)
    assert data.shape == (stream.frame_bytes,) == (3 * 2 * 6 * lane_bytes,)
    assert np.array_equal(stream.unpack(data), values.transpose(2, 0, 1))
    with pytest.raises(ValueError, match="takes integers from"):
        stream.pack(values + step)


def test_the_driver_is_written_in_the_boards_python():
    for file in Path(board.__file__).parent.glob("*.py"):
        ast.parse(file.read_text(), feature_version=(3, 8))
        names = {name for name in re.findall(r"^(?:from|import) ([\w.]+)", file.read_text(), re.MULTILINE)}
        assert {name.split(".")[0] for name in names} <= {"", "__future__", "collections", "dataclasses"} | {
            "importlib",
            "json",
            "numpy",
            "pathlib",
            "struct",
            "typing",
        }, file.name


def test_the_rendered_notebook_is_the_notebook():
    assert notebook.PAGE.read_text() == notebook.page()
