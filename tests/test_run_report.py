"""What a training leaves for people to judge it by: history, figures by class, layers, and the page of all that."""

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from rich.console import Console

from codesign.api.report_run import report_run
from codesign.board.detection import Boxes
from codesign.cli.main import status
from codesign.data import Sample, validation_set
from codesign.data.confusion import confusions, intersection_over_union
from codesign.data.precision import average_precision, class_precision
from codesign.errors import CheckpointError
from codesign.nn.network import conv_units
from codesign.recipe import load_recipe
from codesign.reporting.plots import log_ticks, ticks
from codesign.reporting.run_report import print_run
from codesign.tasks import task_of
from codesign.training.analysis import EXAMPLES, causes, drop_message, load_analysis
from codesign.training.history import Epoch, best, is_over, load_history, of_phase
from codesign.training.layer_errors import LayerError
from codesign.training.run import TrainResult, load_result, load_run
from tests import chromium
from tests.made_once import RECIPES


@pytest.fixture(scope="module")
def page(tiny_run, tmp_path_factory):
    """A copy of the tiny run with its page."""
    folder = tmp_path_factory.mktemp("run") / "tiny"
    folder.mkdir()
    for file in tiny_run.rglob("*"):
        if file.is_file() and file.suffix in (".json", ".yaml", ".png", ".jpg"):
            (folder / file.relative_to(tiny_run)).parent.mkdir(exist_ok=True)
            (folder / file.relative_to(tiny_run)).write_bytes(file.read_bytes())
    return report_run(folder, html=True)


def test_a_run_tells_of_every_epoch_what_was_lost_and_what_was_measured(tiny_run):
    history = load_history(tiny_run)
    assert [(one.phase, one.epoch) for one in history] == [
        (phase, number) for phase in ("float_phase", "quantized_phase") for number in (1, 2, 3)
    ]
    for one in history:
        assert set(one.loss) == {"loss", "heat", "size", "offset"}
        assert one.loss["loss"] == pytest.approx(sum(v for name, v in one.loss.items() if name != "loss"), abs=1e-4)
        assert one.steps == 3 and one.learning_rate >= 0
    result = load_result(tiny_run)
    last = {phase: of_phase(history, phase)[-1].measured for phase in ("float_phase", "quantized_phase")}
    assert last["float_phase"]["ap50"] == pytest.approx(result.float_ap50, abs=1e-4)
    assert last["quantized_phase"]["ap"] == pytest.approx(result.ap, abs=1e-4)


def test_a_run_tells_of_every_class_example_and_layer(tiny_run):
    recipe, network = load_run(tiny_run)
    analysis, validation = load_analysis(tiny_run), validation_set(recipe)
    objects = Counter(int(label) for index in range(len(validation)) for label in validation[index].labels)
    assert [one.objects for one in analysis.examination.classes] == [objects[label] for label in range(10)]
    assert sum(one.count for one in analysis.examination.confusions if one.truth is not None) == objects.total()
    assert [example.name for example in analysis.examples] == [validation[index].name for index in range(8)]
    assert all((tiny_run / EXAMPLES / example.file).is_file() for example in analysis.examples)
    assert {one.layer for one in analysis.layers} == set(conv_units(network))
    assert analysis.layers[0].input == 0  # both networks see the same pictures
    assert all(0 < one.weights < 1 for one in analysis.layers)


@pytest.mark.parametrize("columns", [390, 1280])
def test_the_page_is_legible_logs_nothing_and_asks_for_nothing(page, browser, columns):
    browser.show(page.page.as_uri(), columns)
    assert browser.value(chromium.TOO_WIDE) == 0
    assert browser.value(chromium.SMALLEST_TEXT) > 8.5
    assert browser.value(chromium.CUT_OFF) == []
    assert browser.value("document.querySelectorAll('.examples image').length") == len(page.report.analysis.examples)
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith("data:")] == [page.page.as_uri()]


def test_the_command_shows_a_run_and_writes_its_page(page, capfd):
    folder = page.report.folder
    assert status(["report", str(folder), "--html"]) == 0
    text = capfd.readouterr().out
    assert "floating point: 3 epochs" in text and "AP50" in text and "report.html" in text
    assert status(["report", str(folder), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert len(told["history"]) == 6 and told["result"]["ap50"] == page.report.result.ap50
    assert len(told["layers"]) == len(page.report.analysis.layers)


def test_the_tables_fit_eighty_columns(page):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_run(page.report, console)
    assert max(map(len, console.export_text().splitlines())) <= 80


def test_a_run_without_an_analysis_is_refused_with_what_to_do(page, tmp_path, capfd):
    for name in ("recipe.yaml", "result.json"):
        (tmp_path / name).write_bytes((page.report.folder / name).read_bytes())
    assert status(["report", str(tmp_path)]) == 2
    assert "analysis.json: is missing" in capfd.readouterr().err
    (tmp_path / "analysis.json").write_text('{"images": "many"}')
    with pytest.raises(CheckpointError, match="no analysis of a run"):
        load_analysis(tmp_path)


def epochs(*figures):
    measured = [{} if figure is None else {"ap50": 0.9, "ap": figure} for figure in figures]
    return [Epoch("float_phase", n, 1, 1.0, 0.1, {"loss": 1.0}, one) for n, one in enumerate(measured, start=1)]


@pytest.mark.parametrize(
    ("figures", "patience", "over", "top"),
    [
        ((0.1, 0.2, 0.3), 1, False, 3),
        ((0.1, 0.3, 0.2), 1, True, 2),
        ((0.1, 0.3, 0.3), 1, True, 2),  # no better is no progress
        ((0.3, None, 0.2), 2, False, 1),  # an epoch without a look does not count
        ((0.3, 0.1, 0.2), 2, True, 1),
        ((0.3, 0.1, 0.2), None, False, 1),
        ((None, None), 1, False, None),
    ],
)
def test_a_phase_is_over_after_so_many_looks_without_a_better_figure(figures, patience, over, top):
    history = epochs(*figures)
    assert is_over(history, patience) is over
    assert (best(history).epoch if best(history) else None) == top


def sample(boxes, labels, difficult=None):
    hard = np.array(difficult or [False] * len(labels), bool)
    return Sample(
        "s", np.zeros((3, 32, 32), np.uint8), np.array(boxes, np.float32).reshape(-1, 4), np.array(labels), hard
    )


def found(boxes, labels, scores):
    return Boxes(np.array(boxes, float).reshape(-1, 4), np.array(scores, float), np.array(labels, int))


A, B, C = [0, 0, 10, 10], [20, 0, 30, 10], [0, 20, 10, 30]


@pytest.mark.parametrize(
    ("truth", "seen", "expected"),
    [
        (([A, B], [0, 1]), ([A, B], [0, 0], [0.9, 0.8]), {(0, 0): 1, (1, 0): 1}),
        (([A], [0]), ([A, A], [1, 0], [0.9, 0.8]), {(0, 1): 1, (None, 0): 1}),  # the likelier box means the object
        (([A], [0]), ([A], [0], [0.2]), {(0, None): 1}),
        (([A], [0]), ([B], [0], [0.9]), {(0, None): 1, (None, 0): 1}),
        (([A, C], [0, 1], [True, False]), ([A, A], [0, 1], [0.9, 0.8]), {(1, None): 1}),  # difficult ones do not count
        (([], []), ([], [], []), {}),
    ],
)
def test_every_object_is_found_as_something_or_missed(truth, seen, expected):
    assert confusions([found(*seen)], [sample(*truth)], 0.3) == expected


def test_the_overlap_of_boxes_is_their_common_part():
    shifted = np.array([[5, 0, 15, 10], [20, 20, 20, 20]], float)
    assert intersection_over_union(np.array([A], float), shifted).tolist() == [[pytest.approx(1 / 3), 0]]


def test_precision_by_class_has_the_mean_of_all_and_the_curve_of_each():
    truth = [sample([A, B, C], [0, 0, 1])]
    seen = [found([A, [12, 12, 18, 18], B, C], [0, 0, 0, 1], [0.9, 0.8, 0.7, 0.6])]
    first, second, third = class_precision(seen, truth, ("a", "b", "c"))
    assert (third.objects, third.ap50, third.curve) == (0, None, ())
    assert (first.objects, second.ap50) == (2, 1.0)
    assert first.curve[0] == 1 and first.curve[-1] == pytest.approx(2 / 3, abs=1e-4)
    whole = average_precision(seen, truth, ("a", "b", "c"))
    assert whole.ap50 == pytest.approx((first.ap50 + second.ap50) / 2, abs=1e-4)
    assert [one.ap for one in class_precision([found([], [], [])], truth, ("a", "b", "c"))] == [0, 0, None]


def test_precision_is_the_same_in_the_pictures_own_pixels():
    boxes, off = np.array([A, B, C], float), np.array([0, 0, 2, 2], float)
    seen = found(boxes + off, [0, 0, 1], [0.9, 0.8, 0.7])
    own = [sample(boxes * [3, 5, 3, 5] + 7, [0, 0, 1])]
    there = found(seen.boxes * [3, 5, 3, 5] + 7, seen.labels, seen.scores)
    assert average_precision([seen], [sample(boxes, [0, 0, 1])], "ab") == average_precision([there], own, "ab")


def test_a_classifier_is_examined_class_by_class():
    recipe = load_recipe(RECIPES / "tiny-resnet.yaml", ["model.classes=[a, b, c]"])
    task = task_of(recipe)
    guesses = [task.decode({"scores": np.eye(3)[n].reshape(3, 1, 1)}, {"scores": 1.0}, recipe) for n in (0, 1, 1)]
    samples = [sample([A], [label]) for label in (0, 0, 1)]
    made = task.examine(guesses, samples, recipe)
    assert [one.figures for one in made.classes] == [
        {"recall": 0.5, "precision": 1.0},
        {"recall": 1.0, "precision": 0.5},
        {"recall": None, "precision": None},
    ]
    assert {(one.truth, one.found): one.count for one in made.confusions} == {(0, 0): 1, (0, 1): 1, (1, 1): 1}


LAYERS = (
    LayerError("first", weights=0.05, activations=0.01, input=0.0, output=0.05),
    LayerError("second", weights=0.2, activations=None, input=0.05, output=0.45),
    LayerError("third", weights=0.1, activations=0.02, input=0.45, output=0.4),
)


def result(run, ap50, float_ap50):
    return TrainResult(run, 1.0, ap50=ap50, ap=0.3, float_ap50=float_ap50, float_ap=0.3)


def test_a_drop_of_more_than_three_points_is_said_with_the_layers_and_what_to_try(tmp_path):
    recipe = load_recipe(RECIPES / "tiny.yaml")
    said = drop_message(recipe, result(tmp_path, 0.70, 0.75), LAYERS)
    assert said.startswith("quantized is 5.0 points of AP50 below floating point; most is lost in second (its output")
    assert "third" not in said  # it adds nothing
    assert "try --set quantization.weight_bits=5, or --set training.quantized_phase.epochs=6" in said
    assert drop_message(recipe, result(tmp_path, 0.73, 0.75), LAYERS) == ""
    assert drop_message(recipe, result(tmp_path, 0.80, 0.75), LAYERS) == ""
    coarse = (LayerError("coarse", weights=0.01, activations=0.3, input=0.1, output=0.4),)
    assert "try --set quantization.activation_bits=5" in drop_message(
        load_recipe(RECIPES / "tiny.yaml", ["quantization.activation_bits=4"]), result(tmp_path, 0.5, 0.75), coarse
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "training.quantized_phase={epochs: 3, learning_rate: 1e-4}",
            "try --set training.quantized_phase.learning_rate=0.0005, or",
        ),
        ("training.quantized_phase={steps: 90, learning_rate: 1e-3}", "--set training.quantized_phase.steps=180"),
        ("training.quantized_phase={steps: 0}", "try codesign quantize {run} --out NEW --training, or"),
    ],
)
def test_what_to_try_depends_on_how_the_network_was_quantized(settings, said, tmp_path):
    told = drop_message(load_recipe(RECIPES / "tiny.yaml", [settings]), result(tmp_path, 0.70, 0.75), LAYERS)
    assert said.replace("{run}", str(tmp_path)) in told


def test_what_adds_most_to_the_difference_comes_first():
    assert [one.layer for one in causes(LAYERS)] == ["second", "first"]


@pytest.mark.parametrize("span", [(0, 1), (0.5, 17.5), (0, 0.0021), (-3, 3), (0, 12_000)])
def test_ticks_are_few_round_and_inside(span):
    found = ticks(span)
    assert 2 <= len(found) <= 7 and span[0] - 1e-9 <= found[0] and found[-1] <= span[1] + 1e-9
    assert len({round(b - a, 9) for a, b in pairwise(found)}) <= 1


@pytest.mark.parametrize("span", [(0.9, 1.1), (0.3, 20), (1e-3, 1e3), (1e-9, 1e9)])
def test_logarithmic_ticks_are_few_and_inside(span):
    found = log_ticks(span)
    assert 1 <= len(found) <= 7 and all(span[0] <= one <= span[1] for one in found)
