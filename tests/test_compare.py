"""Two designs side by side: what differs, which way, and what only one of them has."""

import json
import re
import shutil

import pytest

from codesign.api.compare import compare
from codesign.build_folder import open_build
from codesign.cli.main import status
from codesign.reporting.comparison import Figure
from codesign.schedule import Schedule, schedule
from codesign.targets import load_target
from tests import chromium

PARTS = ("manifest.json", "graph.npz", "schedule.json", "run", "verify.json", "rtl/project.json")
"""What a comparison reads of a build."""


@pytest.fixture(scope="module")
def builds(tiny_build, tmp_path_factory):
    """The tiny build's parts, and the same network scheduled for a tenth of the frame rate, not verified."""
    folder = tmp_path_factory.mktemp("compare")
    for name in ("fast", "slow"):
        (folder / name / "rtl").mkdir(parents=True)
        for part in PARTS:
            copy = shutil.copytree if (tiny_build / part).is_dir() else shutil.copy
            copy(tiny_build / part, folder / name / part)
    fast, slow = open_build(folder / "fast", changed=True), open_build(folder / "slow", changed=True)
    slow.verification.unlink()
    rate = Schedule.load(fast.schedule).frames_per_second
    schedule(fast.graph, load_target("pynq-z2"), fps=rate / 10).save(slow.schedule)
    return fast, slow


@pytest.fixture(scope="module")
def found(builds):
    return compare(*builds)


def figure(found, name):
    return next(figure for figure in found.totals if figure.name == name)


def test_totals_are_those_of_both_schedules_and_say_which_is_better(builds, found):
    fast, slow = (Schedule.load(build.schedule) for build in builds)
    assert (figure(found, "interval, cycles").a, figure(found, "interval, cycles").b) == (
        fast.interval_cycles,
        slow.interval_cycles,
    )
    assert figure(found, "frames/s").verdict == "worse"
    assert figure(found, "DSP").verdict == "better"
    assert figure(found, "DSP").ratio == slow.used.dsp / fast.used.dsp
    assert figure(found, "MACs a frame").verdict == ""
    assert (found.a.exact, found.b.exact) == (True, None)


def test_a_figure_that_one_design_lacks_has_neither_ratio_nor_verdict():
    assert Figure(name="x", a=None, b=1, better="less").ratio is None
    assert Figure(name="x", a=1, b=None, better="less").verdict == ""
    assert Figure(name="x", a=0, b=1, better="less").ratio is None
    assert Figure(name="x", a=0, b=1, better="less").verdict == "worse"


def test_every_block_of_either_design_is_compared_once(builds, found):
    assert len({pair.block for pair in found.blocks}) == len(found.blocks)
    assert any(pair.differs for pair in found.blocks)
    assert not any(pair.differs for pair in compare(builds[0], builds[0]).blocks)


def test_the_command_fits_a_hundred_columns_and_gives_the_same_as_json(builds, found, capfd):
    paths = [str(build.path) for build in builds]
    assert status(["compare", *paths, "--changed"]) == 0
    text = capfd.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    assert f"{figure(found, 'interval, cycles').b:,.0f}" in text
    assert status(["compare", *paths, "--json", "--changed"]) == 0
    assert json.loads(capfd.readouterr().out) == json.loads(found.model_dump_json())


def test_something_that_is_no_build_is_refused_in_one_line(builds, tmp_path, capfd):
    assert status(["compare", str(builds[0].path), str(tmp_path), "--changed"]) == 2
    assert "is not a build folder" in capfd.readouterr().err


def test_the_page_refers_to_nothing_outside_and_fits_both_windows(builds, tmp_path):
    compare(*builds, html=tmp_path / "compare.html")
    page = (tmp_path / "compare.html").read_text()
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!data:)|url\(|@import|<script|<link", page)
    if chromium.PROGRAM is None:
        pytest.skip("no Chromium is installed")
    with chromium.tab() as browser:
        for columns in (390, 1280):
            browser.show((tmp_path / "compare.html").as_uri(), columns)
            assert browser.value(chromium.TOO_WIDE) == 0
            assert browser.complaints() == []
            assert len(browser.requests()) == 1
