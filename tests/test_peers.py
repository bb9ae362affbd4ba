"""Figures of other tools and ours stand side by side, each with what is behind it."""

from __future__ import annotations

import re

import pytest

from benchmarks.field import peers, published
from benchmarks.pages import peers as page
from benchmarks.record import load
from codesign.graph import Graph

FOUND = load("peers")
JET_TAGGER = peers.CASES[0]
MARK = {"own": re.compile(r" [SYMC]$"), "published": re.compile(r" \[[BIVFCE]\]\(https://\S+\)$")}


@pytest.fixture(scope="module")
def graph() -> Graph:
    made = JET_TAGGER.source.make(())
    assert made is not None
    return made


def test_every_published_figure_says_its_kind_and_where_it_can_be_read():
    for case in FOUND["cases"]:
        assert case["link"].startswith("https://")
        assert case["peer"]["figures"] or case["peer"]["source"].startswith("https://")
        for figure in case["peer"]["figures"].values():
            assert figure["kind"] in published.KINDS
            assert figure["source"].startswith("https://")


def test_every_figure_of_ours_says_what_is_behind_it():
    for row in FOUND["rows"]:
        assert ("refused" in row) != ("figures" in row)
        for cell in row.get("figures", {}).values():
            assert cell["kind"] in page.OURS


def test_every_cell_of_the_table_is_marked():
    lines = [re.split(r" ?\| ?", text)[1:-1] for text in page.designs(FOUND).splitlines()[2:]]
    assert lines
    for line in lines:
        mark = MARK["own" if line[2].startswith("ours") else "published"]
        assert all(mark.search(cell) for cell in line[3:] if cell), line


def test_the_page_has_the_figures_of_the_result():
    assert page.designs(FOUND) in page.PAGE.read_text()


def test_hardware_whose_rtl_is_as_it_was_is_not_measured_again(graph, monkeypatch):
    calls = []

    def once(kind, *names):
        def measure(*_):
            calls.append(kind)
            return {name: {"value": 1, "kind": kind} for name in names}

        return measure

    monkeypatch.setattr(peers, "simulated", once("simulated", "interval_cycles", "latency_cycles"))
    monkeypatch.setattr(peers, "synthesized", once("synthesized", *peers.AREA))
    effort = peers.Effort(synthesize=False, simulate=False)
    first = peers.row(JET_TAGGER, peers.GOALS[0], graph, {}, effort)
    again = peers.row(JET_TAGGER, peers.GOALS[0], graph, peers.measured([first]), effort)
    assert calls == ["simulated", "synthesized"]
    assert again["figures"] == first["figures"]


def test_what_takes_long_is_the_models_until_it_is_asked_for(graph, monkeypatch):
    monkeypatch.setattr(peers, "SIMULATED_MACS", 0)
    monkeypatch.setattr(peers, "SYNTHESIZED_LUT", 0)
    found = peers.row(JET_TAGGER, peers.GOALS[0], graph, {}, peers.Effort(synthesize=False, simulate=False))
    assert {cell["kind"] for cell in found["figures"].values()} == {"modelled"}
    assert found["figures"]["lut"]["error"] > 0


def test_a_rate_that_does_not_fit_is_refused_with_the_reason(graph):
    rate = published.Peer("none", {"frames_per_s": published.Figure(1e9, "board", "https://example.org")})
    case = peers.Case("jet tagger", JET_TAGGER.source, "pynq-z2", rate)
    found = peers.row(case, peers.GOALS[0], graph, {}, peers.Effort(synthesize=False, simulate=False))
    assert "figures" not in found
    assert found["refused"]


def test_a_peer_of_cycles_only_is_met_at_the_clock_of_the_board():
    cycles = {"interval_cycles": published.Figure(32, "folding", "https://example.org")}
    assert published.Peer("p", cycles).frames_per_s(100) == pytest.approx(3.125e6)
    assert published.Peer("p", {}).frames_per_s(100) is None


def test_a_file_that_is_in_no_folder_is_no_network(tmp_path):
    assert peers.of_file("nowhere.onnx", "https://example.org").make([tmp_path]) is None
