"""The demo: one command from a recipe to a verified design, its page and its picture."""

import shutil

import pytest

from codesign.api import demo as module
from codesign.cli.main import status


@pytest.fixture
def demo_folder(tiny_run, tiny_build, tmp_path, monkeypatch, cache_folder):
    """Where a demo of the tiny recipe was interrupted after training; simulators are compiled already."""
    folder = tmp_path / "demo"
    shutil.copytree(tiny_run, folder / "run")
    shutil.copytree(tiny_build, folder / "build")
    shutil.copytree(tiny_run, tmp_path / "models" / module.FIXED)
    monkeypatch.setattr(module, "RECIPE", str(tiny_run / "recipe.yaml"))
    monkeypatch.setattr(module, "models_dir", lambda: tmp_path / "models")
    monkeypatch.setenv("CODESIGN_CACHE", str(cache_folder))
    return folder


def test_the_demo_ends_with_blocks_verdict_precision_page_and_picture(demo_folder, capfd):
    assert status(["demo", "--recipe", module.RECIPE, "--out", str(demo_folder)]) == 0
    text = capfd.readouterr().out
    for expected in ("backbone.stem.conv", "frames/s", "every value of every stage", "AP50", "s fixed to 1"):
        assert expected in text
    page, picture = demo_folder / "build" / "report.html", demo_folder / "build" / "detections.png"
    assert page.is_file() and picture.is_file()
    lines = "".join(text.split())
    assert f"report:{page}" in lines
    assert f"picture:{picture}" in lines
