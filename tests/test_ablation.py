"""The ablation: its grid, its resuming, its table and plot."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from codesign.api.ablate import ablate
from codesign.errors import CheckpointError, RecipeError
from codesign.reporting.ablation import AblationRun, load_ablation, markdown, rows, svg
from codesign.training import load_run
from codesign.training.run import load_float_run, load_result
from codesign.training.task import TrainingTask

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"
GRID = {"operators": ("depthwise", "square"), "orders": ("pointwise_first",), "seeds": (0,)}

torch.set_num_threads(1)  # the tiny network gains nothing from more, and tests may run side by side


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory, cache_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODESIGN_CACHE", str(cache_folder))
        yield


@pytest.fixture(scope="module")
def folder(cache, tmp_path_factory):
    out = tmp_path_factory.mktemp("ablation")
    ablate(TINY, out, **GRID)
    return out


def test_every_choice_gives_a_row_of_each_precision_it_has(folder):
    rows = json.loads((folder / "ablation.json").read_text())["runs"]
    assert [(row["operator"], row["precision"], row["seed"]) for row in rows] == [
        ("depthwise", "fp32", 0),
        ("square", "fp32", 0),
        ("depthwise", "w4a8", 0),
    ]
    assert all({"order", "ap50", "ap"} <= set(row) for row in rows)
    assert ["ap50_other_sampling" in row for row in rows] == [False, True, False]


def test_finished_runs_are_not_trained_again_and_new_ones_are_added(folder, monkeypatch):
    before = load_ablation(folder / "ablation.json")
    with monkeypatch.context() as patch:
        patch.setattr(TrainingTask, "training_step", None)
        assert ablate(TINY, folder, **GRID) == before
    with pytest.raises(CheckpointError, match="another recipe"):
        ablate(TINY, folder, **GRID, overrides=["training.batch_size=4"])


def test_an_operator_added_later_joins_the_finished_ones(folder, tmp_path):
    out = Path(shutil.copytree(folder, tmp_path / "ablation"))
    before = load_ablation(out / "ablation.json")
    after = ablate(TINY, out, operators=("bounded",), orders=("depthwise_first",), seeds=(0,))
    assert [run for run in after if run.operator != "bounded"] == list(before)
    assert load_ablation(out / "ablation.json") == after


def test_a_run_without_a_quantized_phase_has_a_floating_point_result_only(folder):
    run = folder / "runs" / "square-pointwise_first-0"
    result = load_result(run)
    assert result.ap50 is None
    assert result.float_ap50 >= 0
    recipe, network = load_float_run(run)
    assert recipe.model.decoder.operator == "square"
    assert not network.training
    with pytest.raises(CheckpointError, match="floating point only"):
        load_run(run)


def test_an_unknown_operator_is_refused_before_training(tmp_path):
    with pytest.raises(RecipeError, match="unknown operator 'fancy'"):
        ablate(TINY, tmp_path, operators=("fancy",))
    assert not list(tmp_path.iterdir())


RUNS = [
    AblationRun("depthwise", "depthwise_first", "fp32", 0, 0.5, 0.3),
    AblationRun("depthwise", "depthwise_first", "fp32", 1, 0.7, 0.3),
    AblationRun("square", "depthwise_first", "fp32", 0, 0.8, 0.4, 0.75),
    AblationRun("depthwise", "pointwise_first", "w4a8", 0, 0.4, 0.2),
]


def test_the_table_gives_mean_and_deviation_in_percent():
    table = markdown(RUNS).splitlines()
    assert table[0] == "| operator | depthwise first, fp32 | pointwise first, w4a8 |"
    assert table[2] == "| depthwise | 60.0 ± 14.1 | 40.0 |"
    assert table[3] == "| square | 80.0 |  |"
    assert table[-1] == "| square | depthwise first | 80.0 | 75.0 |"


def test_the_rows_are_in_the_recipes_order_whichever_order_ran_first():
    rows = [line.split(" | ")[0] for line in markdown(RUNS[::-1]).splitlines()[2:4]]
    assert rows == ["| depthwise", "| square"]


def test_the_plot_is_an_svg_that_names_every_operator():
    text = svg(RUNS).decode()
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "<!-- depthwise -->" in text
    assert "<!-- square -->" in text


def test_the_terminal_shows_a_line_for_everything_that_was_trained():
    shown = rows(RUNS)
    assert {row[:3] for row in shown} == {(run.operator, run.order, run.precision) for run in RUNS}
    assert sum(int(row[3]) for row in shown) == len(RUNS)
