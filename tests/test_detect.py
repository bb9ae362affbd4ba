"""Pictures of the user's own: boxes in their own pixels, the same by every back end."""

import json

import numpy as np
import pytest
from PIL import Image

from codesign.api.detect import LISTING, detect
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.data.pictures import read_picture, stretched
from codesign.errors import BuildError, DataError
from codesign.progress import silent
from codesign.verification.predict import predictions


@pytest.fixture
def photos(tmp_path):
    """Three pictures of other shapes than the network's input."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, (width, height) in {"a.png": (80, 40), "b.jpg": (32, 32), "c.PNG": (50, 100)}.items():
        Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8)).save(folder / name)
    (folder / "notes.txt").write_text("not a picture")
    return folder


def test_boxes_are_told_in_the_pictures_own_pixels(tiny_build, photos, tmp_path):
    results = detect(tiny_build, photos, tmp_path / "out")
    listed = json.loads((tmp_path / "out" / LISTING).read_text())
    assert [result.file.name for result in results] == ["a.png", "b.jpg", "c.PNG"]
    build = open_build(tiny_build)
    for file, entry in zip(("a.png", "b.jpg", "c.PNG"), listed["pictures"], strict=True):
        picture = read_picture(photos / file)
        _, height, width = picture.shape
        (boxes,) = predictions(build, "graph", stretched(picture, 32)[None].astype(np.int32), silent)
        assert [one["score"] for one in entry["found"]] == boxes.scores.tolist()
        expected = boxes.boxes * np.array([width / 32, height / 32] * 2)
        assert np.array_equal([one["box"] for one in entry["found"]], expected)
        with Image.open(tmp_path / "out" / file) as drawn:
            assert drawn.size == (width, height)
    assert any(entry["found"] for entry in listed["pictures"])


def test_pictures_with_likely_boxes_are_drawn_on(tiny_build, photos, tmp_path, monkeypatch):
    monkeypatch.setattr("codesign.tasks.detection.SHOWN_FROM_SCORE", 0.0)
    (result,) = detect(tiny_build, photos / "a.png", tmp_path / "out")
    assert result.drawn == len(result.found) > 0
    assert not np.array_equal(read_picture(tmp_path / "out" / "a.png"), read_picture(photos / "a.png"))


def test_pytorch_and_onnx_runtime_find_the_same(tiny_build, photos, tmp_path):
    found = {
        backend: [result.found for result in detect(tiny_build, photos, tmp_path / backend, backend=backend)]
        for backend in ("graph", "torch", "onnx")
    }
    assert found["graph"] == found["torch"] == found["onnx"]


def test_what_cannot_be_looked_at_is_refused_by_name(tiny_build, photos, tmp_path):
    def refused(source, match, out=tmp_path / "out"):
        with pytest.raises(DataError, match=match):
            detect(tiny_build, source, out)

    (photos / "film.mp4").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    refused(photos / "film.mp4", r"film\.mp4: is a video, .*`ffmpeg -i film\.mp4 frames/%06d\.png")
    refused(photos / "notes.txt", "is no picture by its name")
    refused(photos / "absent.png", "image is missing")
    refused(tmp_path / "empty", "holds no picture")
    refused(photos, "would be written over", out=photos)
    with pytest.raises(BuildError, match="unknown back end 'fpga'; known: torch, graph"):
        detect(tiny_build, photos, tmp_path / "out", backend="fpga")


def test_the_command_lists_what_it_found(tiny_build, photos, tmp_path, capfd):
    assert status(["detect", str(tiny_build), str(photos / "a.png"), "--out", str(tmp_path / "out")]) == 0
    text = capfd.readouterr().out
    assert "a.png: " in text and "by graph" in " ".join(text.split())
    assert status(["detect", str(tiny_build), str(photos / "film.mov"), "--out", str(tmp_path / "out")]) == 2
    assert "is a video" in capfd.readouterr().err


def test_no_picture_is_read_beyond_the_memory_that_is_set_aside(tiny_build, photos, tmp_path, monkeypatch):
    whole = detect(tiny_build, photos, tmp_path / "whole")
    monkeypatch.setattr("codesign.api.detect.BYTES_AT_A_TIME", 1)
    held = []
    monkeypatch.setattr("codesign.api.detect.predictions", lambda *a: held.append(len(a[2])) or predictions(*a))
    assert detect(tiny_build, photos, tmp_path / "single") == whole
    assert held == [1] * len(whole)
