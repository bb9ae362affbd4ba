"""Killed at its worst moment, a command loses nothing that was complete; and the same seed gives the same files."""

import hashlib
import signal
import time

import pytest

from codesign.api.export import export
from codesign.training import train
from trust import kills


def test_a_killed_training_resumes_to_the_bits_of_one_that_was_not(tiny_run, tmp_path, monkeypatch, cache_folder):
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))
    run = tmp_path / "run"
    assert kills.run_killed(lambda: train(kills.RECIPE, run), kills.Moment(renaming=5))
    assert kills.epochs(run) != (0, 0)
    assert not kills.run_killed(lambda: train(kills.RECIPE, run, resume=True), kills.Moment(900))
    assert kills.weights(run) == kills.weights(tiny_run)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("before", [True, False])
def test_there_is_a_whole_build_at_every_moment_of_an_export(before, number, tmp_path):
    def replaced():
        with kills.files.new_folder(build) as scratch:
            (scratch / "file").write_text("new")

    build = tmp_path / "build"
    build.mkdir()
    (build / "file").write_text("old")
    assert kills.run_killed(replaced, kills.Moment(renaming=0, before=before, number=number))
    assert (build / "file").read_text() == ("old" if before else "new")
    assert number == signal.SIGKILL or list(tmp_path.iterdir()) == [build]


def test_what_is_ended_while_it_fills_a_folder_leaves_none(tmp_path):
    def filling():
        with kills.files.new_folder(tmp_path / "build"):
            time.sleep(600)

    assert kills.run_killed(filling, kills.Moment(2, number=signal.SIGTERM))
    assert not list(tmp_path.glob(".build*"))


@pytest.mark.slow
def test_the_same_run_gives_the_same_hardware_and_report(tiny_run, tiny_build, tmp_path):
    build = export(tiny_run, tmp_path / "build").folder.path
    for place in ("rtl", "hls", "graph.npz", "schedule.json", "report.json", "model.qcdq.onnx"):
        assert digest(build / place) == digest(tiny_build / place), place


def digest(place):
    sha = hashlib.sha256()
    for file in sorted(f for f in (place.rglob("*") if place.is_dir() else [place]) if f.is_file()):
        sha.update(file.name.encode() + file.read_bytes())
    return sha.hexdigest()
