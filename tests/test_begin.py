"""`codesign new detector|classifier`: from a folder of pictures to a recipe that suits it."""

import numpy as np
import pytest

from codesign.api.begin import begin
from codesign.cli.main import status
from codesign.errors import BuildError, DataError, ScheduleError
from codesign.recipe import load_recipe, parse_recipe
from codesign.scaffold.proposal import Facts, image_sizes, learning, proposals
from tests import picture_sets as sets


def facts(task="detection", pictures=292, objects=((40, 30, 640, 480, 0),) * 20, classes=("a",)):
    return Facts(task, pictures, classes, np.array(objects, float))


@pytest.mark.parametrize(("pictures", "width"), [(20, "quarter"), (292, "quarter"), (1500, "quarter"), (9000, "half")])
def test_small_sets_learn_for_as_many_steps_as_larger_ones(pictures, width):
    found = learning(pictures, width)
    a_epoch = pictures // found.batch_size
    assert found.steps == tuple(epochs * a_epoch for epochs in found.epochs)
    assert found.steps[0] >= 2000 and found.steps[1] >= 700
    assert found.epochs[0] <= 1000


def test_wide_networks_learn_at_half_the_rates_of_narrow_ones():
    assert learning(292, "quarter").rates == (4e-3, 2e-3)
    assert learning(9000, "half").rates == (2e-3, 1e-3)


def test_images_are_as_large_as_small_objects_of_any_class_need():
    large, small = (300, 300, 640, 480, 0), (36, 27, 640, 480, 1)
    sizes, reason = image_sizes(facts(objects=[large] * 50 + [small] * 10, classes=("cell", "speck")))
    assert sizes[0] == 320 and sizes == sorted(sizes, reverse=True)
    assert reason == "a small object of speck is 16 pixels wide at this size"
    assert image_sizes(facts(objects=[large] * 50))[0] == [64]


@pytest.mark.parametrize(
    ("pictures", "size"),
    [
        ([(640, 480)], (240, 320)),
        ([(480, 640)], (320, 240)),
        ([(640, 640)], (320, 320)),
        ([(640, 360)], (192, 320)),  # 180, and the stride is 16
        ([(640, 480), (480, 640)], (320, 320)),
        ([(6400, 480)], (80, 320)),
    ],
    ids=str,
)
def test_images_have_the_shape_of_pictures_that_are_all_of_one(pictures, size):
    found = facts(objects=[(0.05 * max(width, height),) * 2 + (width, height, 0) for width, height in pictures] * 10)
    assert next(proposals(found)).image_size == size


def test_pixels_of_small_objects_are_those_that_letterboxed_pictures_leave():
    wide, square = [(50, 50, 1000, 500, 0)] * 10, [(50, 50, 500, 500, 0)] * 10
    assert image_sizes(facts(objects=wide))[0][0] == 320  # 5% of the longer side
    assert image_sizes(facts(objects=wide + square))[0][0] == 320  # the wide ones in a square
    assert image_sizes(facts(objects=square))[0][0] == 160


def test_images_are_no_larger_than_the_pictures_themselves():
    assert image_sizes(facts(objects=[(4, 4, 120, 90, 0)] * 9))[0][0] == 128


@pytest.mark.parametrize("task", ["detection", "classification"])
@pytest.mark.parametrize("side", [30, 100, 700])
@pytest.mark.parametrize("pictures", [50, 5000, 50_000])
def test_every_proposal_is_a_network_and_each_is_less_than_the_one_before(task, side, pictures):
    given = facts(task, pictures, [(8, 8, side, side, 0)] * 9)
    found = list(proposals(given))
    for proposal in found:
        data = {"set": "digits", "image_size": proposal.image_size}
        parse_recipe({"name": "p", "task": task, "data": data, "model": proposal.model}, "here")
    sizes = [proposal.image_size for proposal in found]
    assert sizes == sorted(sizes, reverse=True)
    assert found[-1].width == "eighth" and len({(p.width, p.image_size) for p in found}) == len(found)


@pytest.mark.usefixtures("without_qonnx")
def test_a_detector_is_begun_from_a_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    sets.roboflow_yolo(tmp_path / "my cells")
    assert status(["new", "detector", "my cells", "--target", "ulx3s-85f", "--fps", "30"]) == 0
    printed = capfd.readouterr().out
    for told in ("YOLO, 2 classes", "3 pictures, 3 objects (cat 1, dog 2)", "frames/s predicted", "my-cells.yaml"):
        assert told in printed
    recipe = load_recipe("my-cells.yaml")
    assert (recipe.name, recipe.data.format, recipe.model.classes) == ("my-cells", "yolo", sets.CLASSES)
    assert str(recipe.data.path) == "my cells"
    page = (tmp_path / "my-cells.html").read_text()
    assert page.count("data:image/jpeg") == 4 and "1 cat, 1 dog" in page
    short = ("training.float_phase.epochs=1", "training.quantized_phase.epochs=1")
    settings = [part for setting in short for part in ("--set", setting)]
    assert status(["train", "my-cells.yaml", "--out", "run", *settings]) == 0
    assert "quantized:" in capfd.readouterr().out


def test_a_classifier_is_begun_from_a_folder_and_nothing_is_written_over(tmp_path):
    sets.class_folders(tmp_path / "set")
    begun = begin("classifier", tmp_path / "set", tmp_path / "mine.yaml")
    recipe = load_recipe(begun.recipe)
    assert (recipe.task, recipe.model.kind, recipe.data.size) == ("classification", "mobilenet", (24, 32))
    assert begun.page.read_text().count("data:image/jpeg") == 6
    with pytest.raises(BuildError, match="is there already"):
        begin("classifier", tmp_path / "set", tmp_path / "mine.yaml")


def test_boxes_that_leave_their_pictures_are_clipped_and_the_recipe_says_so(tmp_path):
    sets.yolo_bare(tmp_path / "set")
    with (tmp_path / "set" / "val" / "c.txt").open("a") as file:
        file.write("0 0.9 0.5 0.4 0.2\n")
    begun = begin("detector", tmp_path / "set", tmp_path / "r.yaml")
    assert load_recipe(begun.recipe).data.boxes == "clip"
    assert any(line.startswith("noted: 1 boxes clipped to their pictures") for line in begun.report)


def test_what_cannot_be_trained_on_or_built_leaves_nothing_behind(tmp_path):
    sets.ultralytics(tmp_path / "set")
    with pytest.raises(ScheduleError):
        begin("detector", tmp_path / "set", tmp_path / "out" / "r.yaml", fps=1e6)
    (tmp_path / "set" / "images" / "train" / "a.png").write_bytes(b"none")
    with pytest.raises(DataError, match="not readable as an image"):
        begin("detector", tmp_path / "set", tmp_path / "out" / "r.yaml")
    assert not (tmp_path / "out").exists()
