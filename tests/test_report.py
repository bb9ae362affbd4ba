"""Reports: figures that add up, a table that fits, a page that stands alone."""

import html
import json
import re
import shutil
import subprocess

import pytest
from PIL import Image
from rich.console import Console

from codesign.api.report import report
from codesign.build_folder import open_build
from codesign.reporting.energy import shares
from codesign.reporting.rails import rows, width
from codesign.reporting.summary import Block, Resources, Summary, Tensor, units
from codesign.reporting.terminal import engineering, print_report, shorten

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NOTHING = Resources(lut=0, ff=0, bram36=0, dsp=0)


@pytest.fixture(scope="module")
def reported(tiny_build, tmp_path_factory, cache_folder):
    build = open_build(shutil.copytree(tiny_build, tmp_path_factory.mktemp("report") / "build", symlinks=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESIGN_CACHE", str(cache_folder))
        return build, report(build, html=True)


def block(name, inputs, outputs=None, operator="conv"):
    made = tuple(Tensor(name=o, shape=(1, 1, 1), bits=8, signed=False) for o in outputs or [name])
    return Block(
        name=name, operator=operator, inputs=inputs, outputs=made, pe=1, simd=1, macs=1, parameters=1,
        interval_cycles=1, latency_cycles=1, latency_us=1, resources=NOTHING, energy_incremental=None,
    )  # fmt: skip


def test_the_totals_are_the_sums_of_their_parts(reported):
    totals, blocks = reported[1].summary.totals, reported[1].summary.blocks
    held = sum((b.resources for b in blocks), totals.streams)
    assert held == totals.resources
    assert totals.macs == sum(b.macs for b in blocks)
    assert totals.interval_cycles >= max(b.interval_cycles for b in blocks)
    assert sum(b.energy_incremental.high_uj for b in blocks) == pytest.approx(totals.energy_incremental.high_uj)
    assert totals.energy_board.low_uj > 5 * totals.energy_incremental.high_uj
    assert totals.resources.lut <= reported[1].summary.target.budget.lut


def test_the_json_file_is_the_report_and_reads_back(reported):
    build, result = reported
    assert Summary.model_validate_json(build.report.read_text()) == result.summary
    content = json.loads(build.report.read_text())
    assert (content["format"], content["version"]) == ("codesign-report", 1)
    assert content["verification"]["exact"] is True


def test_the_table_names_every_unit_and_fits_a_hundred_columns(reported):
    summary = reported[1].summary
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_report(summary, console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert all(shorten(unit.name, 27) in text for unit in units(summary.blocks))


def test_requantizations_are_shown_with_what_they_requantize():
    blocks = (
        block("a.conv", ("x",)),
        block("a.act", ("a.conv",), operator="requant"),
        block("b.conv", ("a.act",)),
        block("b.one", ("b.conv",), operator="requant"),
        block("b.two", ("b.conv",), operator="requant"),
    )
    assert [unit.name for unit in units(blocks)] == ["a", "b.conv", "b.one", "b.two"]


def test_rails_follow_a_branch_to_its_end_and_join_again():
    blocks = (
        block("split", ("x",), ["split.0", "split.1"], "split"),
        block("left", ("split.0",)),
        block("right", ("split.1",)),
        block("right.more", ("right",)),
        block("concat", ("left", "right.more"), operator="concat"),
        block("last", ("concat",)),
    )
    laid = rows(units(blocks), "x")
    assert [row.unit.name for row in laid] == ["split", "left", "right", "right.more", "concat", "last"]
    assert width(laid) == 2
    by_name = {row.unit.name: row for row in laid}
    assert len(by_name["split"].leaving) == 2
    assert by_name["left"].passing == (by_name["right"].rail,)
    assert by_name["concat"].passing == ()
    assert set(by_name["concat"].entering) == {0, 1}
    assert by_name["last"].leaving == ()


def test_every_stream_of_the_network_is_drawn_once_from_its_writer_to_each_reader(reported):
    summary = reported[1].summary
    laid = rows(units(summary.blocks), summary.input.name)
    open_rails = {0}
    for row in laid:
        assert set(row.entering) <= open_rails
        assert set(row.passing) <= open_rails
        assert not set(row.leaving) & set(row.passing)
        open_rails = set(row.passing) | set(row.leaving)
    assert not open_rails


def test_energy_shares_add_up_and_follow_area_and_busy_time(reported):
    blocks = json.loads(reported[0].schedule.read_text())["blocks"]
    from codesign.cost.base import BlockCost

    found = shares({name: BlockCost(**fields) for name, fields in blocks.items()})
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1k"), (1_234_567, "1.23M"), (3.5e9, "3.5G")]
)
def test_large_numbers_have_three_digits(number, text):
    assert engineering(number) == text


def test_the_page_refers_to_nothing_outside(reported):
    page = reported[1].page.read_text()
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!data:)", page)
    assert not re.search(r"url\(|@import|<script|<link", page)
    assert "default-src 'none'" in page
    assert page.count("<figure>") == 8
    for unit in units(reported[1].summary.blocks):
        assert unit.name.rpartition(".")[2] in page


def test_the_picture_shows_every_image(reported):
    with Image.open(reported[0].detections) as picture:
        assert picture.size == (4 * 256, 2 * 256)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("columns", [390, 1280])
def test_the_page_fits_a_browser_window_and_logs_nothing(reported, tmp_path, columns):
    page = re.sub(r"<meta http-equiv=[^>]*>", "", reported[1].page.read_text())
    measure = """f.onload = () => {
        const root = f.contentDocument.documentElement
        document.title = `${root.scrollWidth - root.clientWidth} too wide`
    }"""
    frame = f'<iframe id="f" style="border:0;width:{columns}px;height:900px" srcdoc="{html.escape(page)}"></iframe>'
    (tmp_path / "frame.html").write_text(f"<body>{frame}<script>{measure}</script></body>")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    shown = subprocess.run([*command, f"file://{tmp_path}/frame.html"], capture_output=True, text=True, timeout=60)
    assert "<title>0 too wide</title>" in shown.stdout
    alone = subprocess.run([*command, f"file://{reported[1].page}"], capture_output=True, text=True, timeout=60)
    assert "CONSOLE" not in shown.stderr + alone.stderr
    assert "</html>" in alone.stdout
