"""Pictures of the user's own: boxes in their own pixels, the same by every back end."""

import csv
import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from codesign.api.detect import CORNERS, LISTING, TABLE, detect
from codesign.board.fit import fit_of
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.data.fit import as_input
from codesign.data.pictures import read_picture
from codesign.data.video import Frames
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
        fit = fit_of((height, width), (32, 32), "letterbox")
        (boxes,) = predictions(build, "graph", as_input(picture, fit)[None].astype(np.int32), silent)
        factor = max(height, width) / 32
        corner = np.array([(32 - width / factor) / 2, (32 - height / factor) / 2] * 2)
        own = (boxes.boxes - corner) * factor
        seen = (own[:, 2] > 0) & (own[:, 3] > 0) & (own[:, 0] < width) & (own[:, 1] < height)
        clipped = own[seen].clip(0, [width, height] * 2)
        assert np.allclose(np.reshape([one["box"] for one in entry["found"]], (-1, 4)), clipped)
        assert [one["score"] for one in entry["found"]] == boxes.scores[seen].tolist()
        with Image.open(tmp_path / "out" / file) as drawn:
            assert drawn.size == (width, height)
    assert any(entry["found"] for entry in listed["pictures"])


def test_what_is_at_least_so_likely_is_listed_and_drawn(tiny_build, photos, tmp_path):
    found = [one for one in detect(tiny_build, photos, tmp_path / "out", score=0.0) if one.found]
    everything = max(found, key=lambda one: len(one.found))
    assert everything.drawn == len(everything.found)
    photo = everything.file
    assert not np.array_equal(read_picture(tmp_path / "out" / photo.name), read_picture(photo))
    best = max(one["score"] for one in everything.found)
    (few,) = detect(tiny_build, photo, tmp_path / "few", score=best)
    assert few.found == tuple(one for one in everything.found if one["score"] >= best)
    assert few.drawn == len(few.found)


def test_the_table_has_a_row_for_everything_found(tiny_build, photos, tmp_path):
    results = detect(tiny_build, photos, tmp_path / "out")
    with open(tmp_path / "out" / TABLE, newline="") as file:
        rows = list(csv.DictReader(file))
    found = [(str(result.file), one) for result in results for one in result.found]
    assert [(row["file"], row["class"], float(row["score"])) for row in rows] == [
        (file, one["class"], one["score"]) for file, one in found
    ]
    assert [[float(row[corner]) for corner in CORNERS] for row in rows] == [one["box"] for _, one in found]


def test_a_damaged_picture_is_passed_over_and_told(tiny_build, photos, tmp_path, capfd):
    whole = detect(tiny_build, photos, tmp_path / "whole")
    (photos / "aa.png").write_bytes(b"\x89PNG but no picture")
    assert status(["detect", str(tiny_build), str(photos), "--out", str(tmp_path / "out")]) == 1
    text = " ".join(capfd.readouterr().out.split())
    assert "aa.png: passed over, " in text and "not readable as an image" in text
    listed = json.loads((tmp_path / "out" / LISTING).read_text())["pictures"]
    assert [entry["file"][-6:] for entry in listed] == ["/a.png", "aa.png", "/b.jpg", "/c.PNG"]
    assert "not readable" in listed[1]["problem"] and listed[1]["found"] == []
    assert [list(result.found) for result in whole] == [entry["found"] for entry in (listed[0], *listed[2:])]
    with pytest.raises(DataError, match=r"aa\.png: not readable"):
        detect(tiny_build, photos / "aa.png", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_without_a_recipe_a_detector_is_told_by_its_heads(tiny_build, photos, tmp_path):
    foreign = shutil.copytree(tiny_build, tmp_path / "build", ignore=shutil.ignore_patterns("run"), symlinks=True)
    own, other = (
        detect(folder, photos, tmp_path / f"out{number}", changed=True)
        for number, folder in enumerate((tiny_build, foreign))
    )
    assert any(result.found for result in own)
    for mine, theirs in zip(own, other, strict=True):
        assert mine.found == theirs.found[: len(mine.found)]  # the recipe keeps 20 boxes, others 50


@pytest.fixture
def video(photos):
    cv2 = pytest.importorskip("cv2")
    file = photos / "film.mp4"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 5.0, (64, 48))
    for shade in (40, 90, 200):
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return file


def test_a_video_is_written_again_with_what_is_found_in_each_frame(tiny_build, video, tmp_path, capfd):
    import cv2

    assert status(["detect", str(tiny_build), str(video), "--out", str(tmp_path / "out")]) == 0
    assert "film.mp4, frame 2: " in capfd.readouterr().out
    listed = json.loads((tmp_path / "out" / LISTING).read_text())["pictures"]
    assert [entry["frame"] for entry in listed] == [0, 1, 2]
    with Frames(video) as frames, Frames(tmp_path / "out" / "film.mp4") as boxed:
        assert frames.per_second == boxed.per_second == 5
    written = cv2.VideoCapture(str(tmp_path / "out" / "film.mp4"))
    shapes = []
    while (got := written.read())[0]:
        shapes.append(got[1].shape)
    assert shapes == [(48, 64, 3)] * 3
    with pytest.raises(DataError, match="would be written over"):
        detect(tiny_build, video, video.parent)
    video.write_bytes(b"no video")
    with pytest.raises(DataError, match=r"film\.mp4: cannot be read as a video"):
        detect(tiny_build, video, tmp_path / "other")


def test_a_camera_is_looked_through_until_ctrl_c(tiny_build, tmp_path, monkeypatch):
    cv2 = pytest.importorskip("cv2")

    class Camera:
        frames = iter([np.full((24, 32, 3), 7, np.uint8)] * 2)

        def __init__(self, number):
            assert number == 0

        def isOpened(self):  # noqa: N802
            return True

        def get(self, what):
            return 0.0

        def read(self):
            try:
                return True, next(self.frames)
            except StopIteration:
                raise KeyboardInterrupt from None

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    results = detect(tiny_build, "0", tmp_path / "out")
    assert [result.frame for result in results] == [0, 1]
    assert len(json.loads((tmp_path / "out" / LISTING).read_text())["pictures"]) == 2
    assert (tmp_path / "out" / "camera-0.mp4").stat().st_size > 0


def test_without_opencv_a_video_is_refused_with_the_way_to_read_it(tiny_build, photos, tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "cv2", None)
    (photos / "film.mp4").write_bytes(b"")
    assert status(["detect", str(tiny_build), str(photos / "film.mp4"), "--out", str(tmp_path / "out")]) == 2
    assert "pip install 'codesign[video]'" in capfd.readouterr().err
    assert status(["detect", str(tiny_build), "0", "--out", str(tmp_path / "out")]) == 2
    assert "OpenCV, which is not installed" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


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

    (tmp_path / "empty").mkdir()
    refused(photos / "film.mov", "video is missing")
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


def test_no_picture_is_read_beyond_the_memory_that_is_set_aside(tiny_build, photos, tmp_path, monkeypatch):
    whole = detect(tiny_build, photos, tmp_path / "whole")
    monkeypatch.setattr("codesign.api.detect.BYTES_AT_A_TIME", 1)
    held = []
    monkeypatch.setattr("codesign.api.detect.predictions", lambda *a: held.append(len(a[2])) or predictions(*a))
    assert detect(tiny_build, photos, tmp_path / "single") == whole
    assert held == [1] * len(whole)
