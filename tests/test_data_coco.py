"""The COCO reader, on folders made here."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codesign.cli.main import status
from codesign.data import training_set, validation_set
from codesign.data.dataset import settings_for
from codesign.data.formats import formats_in
from codesign.data.own import read
from codesign.errors import DataError
from codesign.recipe import Data, load_recipe

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"
CLASSES = ("cat", "dog")
WIDTH, HEIGHT = 40, 24


def annotation(image=7, category=18, box=(1, 2, 10, 6), **others):
    return {"id": 1, "image_id": image, "category_id": category, "bbox": list(box), "iscrowd": 0, **others}


def write_coco(folder: Path, annotations, name="val2017", images="val2017", count=2):
    """Images 7, 8 .. of WIDTH x HEIGHT pixels whose red is x and whose green is y; categories 17, cat, and 18, dog."""
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / images).mkdir(parents=True, exist_ok=True)
    listed = [
        {"id": 7 + index, "file_name": f"{7 + index:012}.png", "width": WIDTH, "height": HEIGHT}
        for index in range(count)
    ]
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    for image in listed:
        Image.fromarray(np.stack((x, y, 0 * x), 2).astype(np.uint8)).save(folder / images / image["file_name"])
    content = {
        "images": listed,
        "annotations": annotations,
        "categories": [{"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}],
    }
    (folder / "annotations" / f"instances_{name}.json").write_text(json.dumps(content))
    return folder


def coco_of(folder, classes=CLASSES):
    return read(Data(set="coco", path=folder), "detection", "test", classes)


@pytest.mark.parametrize("images", ["val2017", "images/val2017"])
def test_boxes_labels_and_crowds_are_read_and_images_without_objects_kept(tmp_path, images):
    write_coco(tmp_path, [annotation(), annotation(category=17, box=(0, 0, 40, 24), iscrowd=1)], images=images)
    first, second = coco_of(tmp_path)
    assert first.boxes.tolist() == [[1, 2, 11, 8], [0, 0, 40, 24]]
    assert first.labels.tolist() == [1, 0]
    assert first.difficult.tolist() == [False, True]
    assert first.image[:, 20, 30].tolist() == [30, 20, 0]
    assert (first.name, second.name) == ("000000000007", "000000000008")
    assert second.boxes.shape == (0, 4)


def test_a_link_to_nothing_in_place_of_the_annotations_is_missing(tmp_path):
    file = write_coco(tmp_path, [annotation()]) / "annotations" / "instances_val2017.json"
    file.unlink()
    file.symlink_to("nothing")
    with pytest.raises(DataError, match="is missing"):
        coco_of(tmp_path)


def test_a_box_over_the_edge_by_rounding_is_clipped_and_one_without_area_does_not_count(tmp_path):
    write_coco(tmp_path, [annotation(box=(30.5, 0, 9.51, 24.01)), annotation(box=(3, 3, 0, 5))])
    sample = coco_of(tmp_path)[0]
    assert sample.boxes[0].tolist() == [30.5, 0, 40, 24]
    assert sample.difficult.tolist() == [False, True]


@pytest.mark.parametrize("box", [(-3, 0, 5, 5), (36, 0, 6, 5), (0, 20, 5, 6), (5, 5, -2, 3), (0, 0, 1e300, 5)])
def test_a_box_outside_its_image_is_refused(tmp_path, box):
    write_coco(tmp_path, [annotation(box=box)])
    with pytest.raises(
        DataError, match=r"instances_val2017\.json: image 7: box .*outside its image 000000000007\.png|first corner"
    ):
        coco_of(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: write_coco(f, [annotation(category=99)]), "category id '99', which is not listed"),
        (lambda f: (f / "annotations" / "instances_val2017.json").write_text("{"), "not readable as JSON"),
        (lambda f: (f / "annotations" / "instances_val2017.json").write_text("[]"), "is no COCO instances file"),
        (lambda f: write_coco(f, [{"id": 1}]), "is no COCO instances file"),
        (lambda f: write_coco(f, [], count=0), "lists no image"),
        (lambda f: write_coco(f, [], name="val2014"), "is of the same split as"),
        (lambda f: (f / "annotations" / "instances_val2017.json").unlink(), "holds no COCO instances file"),
        (lambda f: (f / "val2017").rename(f / "train2017"), "image is missing: 000000000007.png"),
    ],
)
def test_a_damaged_folder_is_refused(tmp_path, damage, message):
    damage(write_coco(tmp_path, [annotation()]))
    with pytest.raises(DataError, match=message):
        coco_of(tmp_path)


def test_a_class_that_the_recipe_does_not_list_is_named(tmp_path):
    write_coco(tmp_path, [annotation()])
    with pytest.raises(DataError, match="unknown class 'dog'"):
        coco_of(tmp_path, ("cat",))


def test_a_missing_folder_or_image_is_named(tmp_path):
    with pytest.raises(DataError, match="no such data folder"):
        coco_of(tmp_path / "nowhere")
    write_coco(tmp_path, [annotation()])
    (tmp_path / "val2017" / "000000000007.png").unlink()
    with pytest.raises(DataError, match=r"image is missing: 000000000007\.png"):
        coco_of(tmp_path)[0]


def test_an_image_of_another_size_than_listed_is_refused(tmp_path):
    write_coco(tmp_path, [annotation()])
    Image.new("RGB", (5, 6)).save(tmp_path / "val2017" / "000000000007.png")
    with pytest.raises(DataError, match="is of 5 x 6 pixels, listed with 40 x 24"):
        coco_of(tmp_path)[0]


@pytest.fixture
def coco(tmp_path):
    write_coco(tmp_path / "coco", [annotation()], "train2017", "train2017", count=3)
    return write_coco(tmp_path / "coco", [annotation(category=17)])


def test_a_recipe_trains_on_train_and_is_measured_on_val_at_its_own_size(coco):
    recipe = load_recipe(TINY, [*settings_for(coco), "data.fit=stretch", "model.classes=[cat, dog]"])
    assert (recipe.data.set, formats_in(coco, "detection")) == ("pictures", ["coco"])
    assert (len(training_set(recipe)), len(validation_set(recipe))) == (3, 2)
    sample = validation_set(recipe)[0]
    assert sample.image.shape == (3, 32, 32)
    assert sample.boxes == pytest.approx(np.array([[0.8, 8 / 3, 8.8, 32 / 3]]))


@pytest.mark.usefixtures("without_qonnx")
def test_one_option_trains_on_a_coco_folder(coco, tmp_path, capfd):
    short = ("training.float_phase.epochs=1", "training.quantized_phase.epochs=1", "model.classes=[cat, dog]")
    settings = [part for setting in short for part in ("--set", setting)]
    assert status(["train", str(TINY), "--data", str(coco), "--out", str(tmp_path / "run"), *settings]) == 0
    assert "quantized:" in capfd.readouterr().out
    assert load_recipe(tmp_path / "run" / "recipe.yaml").data.path == coco


def test_a_mistake_in_the_data_is_one_line(coco, tmp_path, capfd):
    command = ["train", str(TINY), "--data", str(coco), "--out", str(tmp_path / "run")]
    assert status([*command, "--set", "model.classes=[cat, cow]"]) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "instances_train2017.json: image 7: object of unknown class 'dog'" in line


def test_several_mistakes_are_one_line_and_their_list(coco, tmp_path, capfd):
    assert status(["train", str(TINY), "--data", str(coco), "--out", str(tmp_path / "run")]) == 2
    line, title, *faults = capfd.readouterr().err.strip().splitlines()
    assert "2 faults, the worst of them" in line
    assert title.startswith("refused: 2 objects of unknown classes")
    assert "unknown class 'dog'" in faults[0] and "unknown class 'cat'" in faults[1]
    assert not (tmp_path / "run").exists()
