"""`codesign search`: variants of a recipe, what they cost, and which no other beats."""

import json
import subprocess
import sys
from pathlib import Path

import pgserver
import pytest

from codesign.api.search import PLOT, RECIPES, RESULT, search
from codesign.api.tune import untrained_graph
from codesign.cli.endings import MISTAKE
from codesign.cli.main import status
from codesign.errors import RecipeError
from codesign.recipe import load_recipe
from codesign.targets import load_target
from codesign.tuning.search import DIRECTIONS, JOURNAL, measure
from codesign.tuning.space import Space, variant

RECIPE = Path(__file__).parent / "recipes" / "tiny-grouped.yaml"
SMALL = Space(width=(1.0,), resolution=(1.0, 1.5), weight_bits=(2, 8), activation_bits=(8,), group_size=(4,))


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    return folder, search(RECIPE, folder, trials=5, space=SMALL)


def test_a_variant_differs_in_what_was_chosen_only():
    recipe = load_recipe("codenet-digits")
    found = variant(recipe, {"width": 0.5, "resolution": 0.75, "weight_bits": 6})
    assert (found.model.stem.channels, found.model.stages[0].channels, found.model.decoder.channels) == (12, 48, (32,))
    assert found.data.image_size % recipe.model.coarsest_stride == 0 and found.data.image_size == 72
    assert (found.quantization.weight_bits, found.quantization.activation_bits) == (6, 8)
    assert variant(recipe, {}) == recipe


def test_candidates_marked_as_best_are_those_that_no_other_beats(searched):
    _, found = searched
    assert found.best
    signs = [-1 if direction == "maximize" else 1 for direction in DIRECTIONS.values()]
    for c in found.candidates:
        mine = [s * value for s, value in zip(signs, c.figures.objectives, strict=True)]
        others = [[s * v for s, v in zip(signs, o.figures.objectives, strict=True)] for o in found.candidates]
        beaten = any(all(a <= b for a, b in zip(o, mine, strict=True)) and o != mine for o in others)
        assert c.best != beaten


def test_more_bits_and_pixels_compute_more_and_weigh_or_take_more():
    recipe, target = load_recipe(RECIPE), load_target("pynq-z2")

    def figures(resolution, bits):
        chosen = variant(recipe, {"resolution": resolution, "weight_bits": bits})
        return measure(chosen, untrained_graph(chosen), target)

    small, heavy, large = figures(1.0, 2), figures(1.0, 8), figures(1.5, 2)
    assert small.size_kib < heavy.size_kib and small.quality < heavy.quality
    assert small.latency_ms < large.latency_ms and small.quality < large.quality
    assert small.size_kib == large.size_kib


def test_what_no_other_beats_can_be_built(searched):
    folder, found = searched
    written = {int(file.stem): load_recipe(file) for file in (folder / RECIPES).glob("*.yaml")}
    assert written == {c.number: variant(load_recipe(RECIPE), c.choice) for c in found.best}
    assert json.loads((folder / RESULT).read_text())["target"] == "pynq-z2"
    assert (folder / PLOT).read_bytes().startswith(b"\x89PNG")


def test_a_search_goes_on_and_keeps_what_it_knew(searched):
    folder, before = searched
    after = search(RECIPE, folder, trials=1, space=SMALL)
    assert {c.number: c.figures for c in before.candidates}.items() <= {
        c.number: c.figures for c in after.candidates
    }.items()


def test_another_search_in_the_same_folder_is_refused(searched):
    with pytest.raises(RecipeError, match="holds a search of another target"):
        search(RECIPE, searched[0], target="arty-a7-100t", trials=1, space=SMALL)


def test_what_does_not_fit_is_told_and_is_no_candidate(tmp_path, monkeypatch):
    target = load_target("pynq-z2")
    tiny = target.model_copy(update={"resources": target.resources.model_copy(update={"lut": 300})})
    monkeypatch.setattr("codesign.api.search.load_target", lambda _: tiny)
    found = search(RECIPE, tmp_path, trials=1, space=SMALL)
    assert found.candidates == ()
    assert "does not fit" in found.refused[0]


@pytest.mark.parametrize("bits", ["0", "4,x", ""])
def test_choices_that_are_no_numbers_are_refused(bits, tmp_path, capsys):
    assert status(["search", str(RECIPE), "--out", str(tmp_path / "s"), "--weight-bits", bits]) == MISTAKE
    assert "--weight-bits" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_a_space_of_one_is_refused(tmp_path):
    space = Space(width=(1.0,), resolution=(1.0,), weight_bits=(4,), activation_bits=(8,), group_size=(4,))
    with pytest.raises(RecipeError, match="nothing is left to search"):
        search(RECIPE, tmp_path / "s", space=space)
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_two_processes_search_one_folder_at_once(tmp_path):
    arguments = ["search", str(RECIPE), "--out", str(tmp_path), "--trials", "3", "--width", "1", "--group-size", "4"]
    command = [sys.executable, "-m", "codesign", *arguments]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
    errors = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
    known = json.loads((tmp_path / RESULT).read_text())
    again = search(RECIPE, tmp_path, trials=0, space=Space(width=(1.0,), group_size=(4,)))
    assert {c["number"] for c in known["candidates"]} <= {c.number for c in again.candidates}
    assert len(again.candidates) + len(again.refused) > 3


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The URL of a PostgreSQL server."""
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def test_a_search_goes_on_in_a_database_from_another_folder(database, tmp_path):
    one = search(RECIPE, tmp_path / "a" / "mine", trials=1, space=SMALL, storage=database)
    other = search(RECIPE, tmp_path / "b" / "mine", trials=0, space=SMALL, storage=database)
    assert one == other and len(one.candidates) + len(one.refused) == 1
    assert not (tmp_path / "a" / "mine" / JOURNAL).exists()
    with pytest.raises(RecipeError, match="study 'mine' of the database: holds a search of another choices"):
        search(RECIPE, tmp_path / "b" / "mine", trials=0, space=Space(width=(1.0,), group_size=(4,)), storage=database)


@pytest.mark.slow
def test_four_processes_search_with_a_database_and_folders_of_their_own(database, tmp_path):
    choices = ("width=1", "resolution=1", "weight-bits=2,8", "activation-bits=8", "group-size=4")
    options = ["--storage", database, "--trials", "1", *(f"--{choice}" for choice in choices)]
    command = [sys.executable, "-m", "codesign", "search", str(RECIPE), *options]
    folders = [tmp_path / machine / "shared" for machine in "abcd"]
    running = [
        subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for out in folders
    ]
    errors = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * 4, errors
    space = Space(width=(1.0,), resolution=(1.0,), weight_bits=(2, 8), activation_bits=(8,), group_size=(4,))
    found = search(RECIPE, tmp_path / "e" / "shared", trials=0, space=space, storage=database)
    known = [json.loads((out / RESULT).read_text())["candidates"] for out in folders]
    assert {c["number"] for candidates in known for c in candidates} >= {c.number for c in found.candidates} != set()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("trials", "is no URL of a database"),
        ("nosuch://me@db/trials", "is no URL of a database"),
        ("postgresql://me:secret@127.0.0.1:9/trials", "the database cannot be used"),
        ("sqlite:////no/such/folder/trials.db", "the database cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_one_line(url, said, tmp_path, capsys):
    assert status(["search", str(RECIPE), "--out", str(tmp_path / "s"), "--storage", url, "--trials", "0"]) == MISTAKE
    error = capsys.readouterr().err
    assert f"--storage: {said}" in error and "secret" not in error and len(error.strip().splitlines()) == 1
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
def test_trained_variants_are_judged_by_their_accuracy(tmp_path):
    settings = ("training.float_phase.epochs=1", "training.quantized_phase.epochs=1", "data.train_images=64")
    found = search(RECIPE, tmp_path, trials=1, space=SMALL, train=True, overrides=settings)
    (candidate,) = found.candidates
    result = json.loads((tmp_path / "runs" / str(candidate.number) / "result.json").read_text())
    assert found.quality == "accuracy" and candidate.figures.quality == pytest.approx(result["accuracy"], abs=1e-3)
