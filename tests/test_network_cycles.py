"""The schedule's cycles of whole networks against those of their simulation, which `network_cycles.py` has measured."""

import pytest

from benchmarks.cost.network_cycles import CASES, NAME, TOO_LARGE
from benchmarks.record import load
from codesign.api.tune import untrained_graph
from codesign.recipe import load_recipe
from codesign.resources import models_dir
from codesign.schedule import schedule
from codesign.targets import load_target

DESIGNS = load(NAME)["designs"]


@pytest.mark.parametrize("recipe", ["fashion-mobilenet", "codenet-ablation"])
def test_interval_and_latency_are_those_that_were_simulated(recipe):
    designs = sorted((row for row in DESIGNS if row["recipe"] == recipe), key=lambda row: -row["part"])
    assert [row["part"] for row in designs] == [1.0, 0.2]
    graph = untrained_graph(load_recipe(recipe, [f"data.image_size={designs[0]['image_size']}"]))
    target = load_target(designs[0]["target"])
    fastest = schedule(graph, target)
    slow = schedule(graph, target, fps=0.2 * fastest.frames_per_second)
    for plan, row in zip((fastest, slow), designs, strict=True):
        assert plan.interval_cycles == row["interval_cycles"]["simulated"]
        assert plan.latency_cycles == pytest.approx(row["latency_cycles"]["simulated"], abs=3)
        assert sum(block.multipliers for block in plan.blocks.values()) == row["multipliers"]


def test_every_recipe_that_ships_is_a_case_or_too_large():
    cases = [case.recipe for case in CASES]
    assert sorted([*cases, *TOO_LARGE]) == sorted(path.stem for path in models_dir().glob("*.yaml"))
