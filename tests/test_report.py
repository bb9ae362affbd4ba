"""Reports: figures that add up, a table that fits, a page that stands alone."""

import json
import re
import shutil
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from codesign.api.report import report
from codesign.board.records import BYTES
from codesign.build_folder import open_build
from codesign.cost.energy import Energy, FabricEnergy, frame_bytes, of_block
from codesign.graph.heads import heads_of
from codesign.graph.types import bits_for_range
from codesign.recipe import load_recipe
from codesign.reporting import schema
from codesign.reporting.histograms import histogram, layers
from codesign.reporting.page import STAGE_NAMES
from codesign.reporting.plots import efficiency_gap, roofline, waterline
from codesign.reporting.rails import rows, width
from codesign.reporting.summarize import summarize
from codesign.reporting.summary import BlockReport, Resources, Summary, Tensor, units
from codesign.reporting.tables import shorten
from codesign.reporting.terminal import NAME_WIDTH, engineering, print_report
from codesign.schedule import Schedule
from codesign.targets import Coefficient, load_target
from codesign.verification import FURTHER, STAGES
from codesign.verification.images import verification_images
from tests import chromium

NOTHING = Resources(lut=0, ff=0, bram36=0, dsp=0)


@pytest.fixture(scope="module")
def reported(tiny_build, tmp_path_factory, cache_folder):
    build = open_build(shutil.copytree(tiny_build, tmp_path_factory.mktemp("report") / "build", symlinks=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESIGN_CACHE", str(cache_folder))
        return build, report(build, html=True)


def block(name, inputs, outputs=None, operator="conv"):
    made = tuple(Tensor(name=o, shape=(1, 1, 1), bits=8, signed=False) for o in outputs or [name])
    return BlockReport(
        name=name, operator=operator, inputs=inputs, outputs=made, pe=1, simd=1, macs=1, parameters=1,
        multipliers=1, bytes_alone=1, interval_cycles=1, latency_cycles=1, latency_us=1, resources=NOTHING, energy=None,
    )  # fmt: skip


def test_the_totals_are_the_sums_of_their_parts(reported):
    totals, blocks = reported[1].summary.totals, reported[1].summary.blocks
    held = sum((b.resources for b in blocks), totals.streams)
    assert held == totals.resources
    assert totals.macs == sum(b.macs for b in blocks)
    assert totals.interval_cycles >= max(b.interval_cycles for b in blocks)
    for kind in FabricEnergy.model_fields:
        parts = [*(getattr(b.energy, kind) for b in blocks), getattr(totals.energy_streams, kind)]
        assert sum(part.low_uj for part in parts) == pytest.approx(getattr(totals.energy, kind).low_uj)
        assert sum(part.high_uj for part in parts) == pytest.approx(getattr(totals.energy, kind).high_uj)
    assert totals.resources.lut <= reported[1].summary.target.budget.lut


def test_totals_are_surer_than_the_sum_of_their_parts_errors(reported):
    totals, blocks = reported[1].summary.totals, reported[1].summary.blocks
    for kind in ("lut", "ff"):
        parts = [*(b.error_bars.of(kind) for b in blocks), totals.error_bars_streams.of(kind)]
        assert max(parts) < totals.error_bars.of(kind) < sum(parts)
    assert all(b.error_bars.lut.half_width > 0 for b in blocks if b.resources.lut)


def test_the_json_file_is_the_report_and_reads_back(reported):
    build, result = reported
    assert Summary.model_validate_json(build.report.read_text()) == result.summary
    content = json.loads(build.report.read_text())
    assert (content["format"], content["version"]) == ("codesign-report", 2)
    assert content["verification"]["exact"] is True
    jsonschema.validate(content, json.loads(schema.FILE.read_text()), jsonschema.Draft202012Validator)


def test_the_shipped_schema_is_that_of_the_records_and_refuses_what_is_none(reported):
    assert schema.FILE.read_text() == schema.text()
    content = json.loads(reported[0].report.read_text())
    content["totals"]["interval_cycles"] = "many"
    with pytest.raises(jsonschema.ValidationError, match="'many' is not of type 'integer'"):
        jsonschema.validate(content, schema.schema(), jsonschema.Draft202012Validator)
    content = json.loads(reported[0].report.read_text()) | {"version": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema.schema(), jsonschema.Draft202012Validator)


def test_the_table_names_every_unit_and_fits_a_hundred_columns(reported):
    summary = reported[1].summary
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_report(summary, console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    assert all(shorten(unit.name, NAME_WIDTH) in text for unit in units(summary.blocks))


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


def test_peaks_that_leave_as_records_take_the_place_of_the_maps_in_memory(reported):
    build, dense = reported[0], reported[1].summary.totals
    graph = build.graph
    records = summarize(replace(build.design, heads=heads_of(graph)), build).totals
    maps = sum(frame_bytes(graph.types[name]) for name in graph.outputs)
    most = load_recipe(build.run / "recipe.yaml").detection.max_boxes
    assert records.memory_bytes == dense.memory_bytes - maps + BYTES * (most + 1)
    assert records.energy.ddr.low_uj / dense.energy.ddr.low_uj == pytest.approx(
        records.memory_bytes / dense.memory_bytes
    )


def test_work_and_waiting_make_the_boards_energy(reported):
    totals = reported[1].summary.totals
    frame = totals.energy
    work = frame.arithmetic + frame.memory + frame.ddr + frame.processor
    assert totals.energy_incremental == work
    waiting_uj = load_target("pynq-z2").power.board_w * 1e6 / totals.frames_per_s
    assert totals.energy_board.low_uj - work.low_uj == pytest.approx(waiting_uj)
    assert totals.energy_board.high_uj - work.high_uj == pytest.approx(waiting_uj)
    assert frame.static.low_uj + frame.clock.high_uj == pytest.approx(waiting_uj)


def test_a_board_that_was_never_measured_has_no_board_energy(reported):
    build, target = reported[0], load_target("zcu104")
    design = replace(build.design, target=target)
    totals = summarize(design, build).totals
    assert totals.energy_board is None
    assert totals.energy.processor is None
    assert totals.energy_incremental == totals.energy.work
    unknown = replace(design, target=target.model_copy(update={"energy": None}))
    assert summarize(unknown, build).totals.energy is None


def test_every_block_that_multiplies_takes_energy_for_it_by_the_widths(reported):
    build = reported[0]
    graph, plan = build.graph, Schedule.load(build.schedule)
    pj = load_target("pynq-z2").energy
    idle = Coefficient(low=0, high=0, source="-")
    alone = pj.model_copy(update={name: idle for name in type(pj).model_fields if name != "multiply_pj"})
    assert {bool(block.dsp) for block in plan.blocks.values()} == {True, False}
    for node in graph.nodes:
        found = of_block(graph, node, plan.blocks[node.name], plan.interval_cycles, alone).arithmetic
        if plan.blocks[node.name].dsp:
            x, bits = graph.input_types(node)[0], bits_for_range(int(node.op.weight.min()), int(node.op.weight.max()))
            by_hand = node.op.macs(*graph.input_types(node)) * x.bits * bits / 64 * pj.multiply_pj.low * 1e-6
            assert found.low_uj == pytest.approx(by_hand)
        else:
            assert found == Energy()


def test_histograms_count_every_value_once():
    found = histogram(np.array([[-3, -3, 0], [7, 7, 7]]), -8, 7, 4)
    assert found.counts == (0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3)
    assert (found.zeros, found.ends) == (pytest.approx(1 / 6), 0.5)
    assert sum(histogram(np.arange(-1000, 1000), -1024, 1023, 11).counts) == 2000


def test_distributions_are_those_of_the_trained_weights_and_of_the_graphs_own_activations(reported):
    build, result = reported
    images = verification_images(build, 2)
    found = layers(build.graph, result.summary.units, images)
    weighted = [node for node in build.graph.nodes if node.op.parameters()]
    assert len(found) == len(weighted)
    for layer, unit in ((layer, unit) for layer in found for unit in result.summary.units if unit.name == layer.unit):
        kind = build.graph.types[unit.outputs[0].name]
        assert sum(layer.activations.counts) == len(images) * kind.channels * kind.pixels
        (op,) = (build.graph.node(b.name).op for b in unit.blocks if build.graph.node(b.name).op.parameters())
        assert sum(layer.weights.counts) == op.weight.size


def test_plots_name_what_limits_the_design(reported):
    summary = reported[1].summary
    roof, water, gap = roofline(summary), waterline(summary), efficiency_gap(summary)
    built = summary.totals.macs * summary.totals.frames_per_s
    assert f"{built / 1e9:.2f} of {2 * 220 * 0.1:.1f} G" in roof.label
    computing = [unit for unit in summary.units if unit.macs]
    assert sum(shape.tag == "rect" for shape in water.shapes) == len(computing)
    assert sum(shape.attributes["class"] == "gap" for shape in gap.shapes) == len(computing)
    for plot in (roof, water, gap):
        for shape in plot.shapes:
            places = [shape.attributes[name] for name in ("x", "x1", "x2", "cx") if name in shape.attributes]
            assert all(0 <= place <= plot.width for place in places)
    assert efficiency_gap(summary.model_copy(update={"blocks": ()})) is None


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


SHOWN_STAGES = "[...document.querySelectorAll('.stages tbody tr')].filter(e => e.offsetHeight).length"


@pytest.mark.parametrize("columns", [390, 1280])
def test_the_page_is_legible_in_a_window_logs_nothing_and_asks_for_nothing(reported, browser, columns):
    browser.show(reported[1].page.as_uri(), columns)
    assert browser.value("window.innerWidth") == columns
    assert browser.value(chromium.TOO_WIDE) == 0
    assert browser.value(chromium.SMALLEST_TEXT) > 8.5
    assert browser.value(chromium.CUT_OFF) == []
    assert browser.value(SHOWN_STAGES) == len(reported[1].summary.verification.stages)
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith("data:")] == [reported[1].page.as_uri()]


def test_a_page_that_fetches_or_complains_would_be_noticed(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text("<img src='http://127.0.0.1:9/x.png'><p style='width:2000px'>x</p><script>console.log(1)</script>")
    browser.show(page.as_uri(), 390)
    assert browser.complaints()
    assert "http://127.0.0.1:9/x.png" in browser.requests()
    assert browser.value(chromium.TOO_WIDE) > 0


def test_every_block_of_the_architecture_shows_its_stream(reported):
    page = reported[1].page.read_text()
    summary = reported[1].summary
    assert page.count('class="box"') == 1 + len(summary.units)
    for unit in summary.units:
        for tensor in unit.outputs:
            assert tensor.label.replace("x", "\u00d7") in page
    assert page.count("\u2192 output") == len(summary.outputs)
    assert page.count("slowest") >= 2


def test_the_page_has_a_name_for_every_stage_of_a_verdict():
    assert set(STAGE_NAMES) == {*STAGES, *FURTHER}
