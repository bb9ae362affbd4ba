"""Sets in every layout are recognized, read alike, and looked through before anything is trained on them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codesign.data import findings
from codesign.data.check import check, check_recipe
from codesign.data.dataset import settings_for, training_set, validation_set
from codesign.data.formats import formats_in
from codesign.data.formats import read as read_listing
from codesign.data.formats.base import WHOLE, Pictures, numbered, split_in, split_of_folder
from codesign.data.own import part, read
from codesign.data.pictures import read_picture
from codesign.errors import DataError
from codesign.recipe import Data, load_recipe
from tests import picture_sets as sets

LAYOUTS = [(name, make) for name, some in sets.DETECTION.items() for make in some]
CLASS_LAYOUTS = [(name, make) for name, some in sets.CLASSIFICATION.items() for make in some]
SPLITS = {"train": "trainval", "val": "test"}


def named(layouts):
    return {"argnames": ("name", "make"), "argvalues": layouts, "ids": [make.__name__ for _, make in layouts]}


def titles(checked, fatal=None):
    """Numbers of findings by the title of their kind."""
    found = {}
    for finding in checked.findings:
        if fatal is None or finding.kind.fatal == fatal:
            found[finding.kind.title] = found.get(finding.kind.title, 0) + 1
    return found


@pytest.mark.parametrize(**named(LAYOUTS))
def test_every_layout_of_boxes_is_recognized_and_read_alike(tmp_path, name, make):
    make(tmp_path / "set")
    assert formats_in(tmp_path / "set", "detection") == [name]
    for split, pictures in sets.OBJECTS.items():
        samples = read(Data(path=tmp_path / "set"), "detection", SPLITS[split], sets.CLASSES)
        found = {sample.name: sample for sample in samples}
        assert found.keys() == pictures.keys()
        for picture, objects in pictures.items():
            assert found[picture].labels.tolist() == [sets.CLASSES.index(label) for label, _ in objects]
            assert np.allclose(found[picture].boxes, np.reshape([box for _, box in objects], (-1, 4)), atol=1e-3)
            assert not found[picture].difficult.any()
    checked = check(Data(path=tmp_path / "set"), "detection")
    assert titles(checked, fatal=True) == {}
    assert checked.parted.listing.classes == list(sets.CLASSES)


@pytest.mark.parametrize(**named(CLASS_LAYOUTS))
def test_every_layout_of_classes_is_recognized_and_read_alike(tmp_path, name, make):
    make(tmp_path / "set")
    assert formats_in(tmp_path / "set", "classification") == [name]
    for split, pictures in sets.LABELS.items():
        samples = read(Data(path=tmp_path / "set"), "classification", SPLITS[split], sets.CLASSES)
        assert {s.name: sets.CLASSES[s.labels[0]] for s in samples} == pictures
        assert samples[0].boxes.tolist() == [[0, 0, sets.WIDTH, sets.HEIGHT]]


def test_a_file_that_lists_a_set_may_be_given_in_place_of_its_folder(tmp_path):
    sets.ultralytics(tmp_path / "y")
    sets.coco_windows(tmp_path / "c")
    assert len(read(Data(path=tmp_path / "y" / "cells.yaml"), "detection", "trainval", sets.CLASSES)) == 3
    assert len(read(Data(path=tmp_path / "c" / "val.json", format="coco"), "detection", "test", sets.CLASSES)) == 1


@pytest.mark.parametrize("task", ["detection", "classification"])
def test_without_splits_a_share_is_drawn_by_the_seed(tmp_path, task):
    for number in range(20):
        sets.draw(tmp_path / "set" / "cat" / f"{number}.png")
        sets.draw(tmp_path / "set" / "dog" / f"{number + 20}.png")
        if task == "detection":
            for folder, picture in (("cat", number), ("dog", number + 20)):
                sets.write(tmp_path / "set" / folder / f"{picture}.xml", sets.voc_xml([(folder, (1, 1, 5, 5))]))
    data = Data(path=tmp_path / "set", split=0.3)
    first, again = (part(read_listing(data.path, task), data) for _ in range(2))
    other = part(read_listing(data.path, task), data.model_copy(update={"seed": 1}))
    files = [[entry.file for entry in some] for some in (first.trained, first.measured)]
    assert [len(some) for some in files] == [28, 12] and not set(files[0]) & set(files[1])
    assert [entry.file for entry in again.measured] == files[1] != [entry.file for entry in other.measured]
    if task == "classification":
        assert [entry.names[0] for entry in first.measured].count("cat") == 6
    assert titles(check(data, task)) == {"splits drawn by chance (data.split, data.seed)": 1}


def test_the_formats_name_forces_it_where_there_are_several(tmp_path):
    sets.yolo_bare(tmp_path / "set")
    for split, some in sets.OBJECTS.items():
        for name, objects in some.items():
            sets.write(tmp_path / "set" / split / f"{name}.xml", sets.voc_xml(objects[:1]))
    with pytest.raises(DataError, match=r"several formats \(voc, yolo\); say which it is with data\.format"):
        read(Data(path=tmp_path / "set"), "detection", "trainval", sets.CLASSES)
    counts = {
        form: sum(
            len(s.labels) for s in read(Data(path=tmp_path / "set", format=form), "detection", "trainval", sets.CLASSES)
        )
        for form in ("voc", "yolo")
    }
    assert counts == {"voc": 2, "yolo": 3}


@pytest.mark.parametrize(
    ("task", "make"),
    [("detection", sets.voc_lists), ("detection", sets.roboflow_yolo), ("classification", sets.class_folders)],
)
def test_what_an_archive_has_put_into_one_folder_is_found_there(tmp_path, task, make):
    make(tmp_path / "set" / "archive")
    parted = part(read_listing(tmp_path / "set", task), Data(path=tmp_path / "set"))
    assert parted.names == ("train", "val")


@pytest.mark.parametrize(
    ("name", "split"),
    [("valid", "val"), ("Train2017", "train"), ("obj_train_data", "train"), ("seg_test", "test"), ("test_bench", None)],
)
def test_folders_that_only_contain_the_word_are_no_splits(name, split):
    assert split_of_folder(name) == split


def test_a_picture_of_another_name_is_not_taken_for_a_missing_one(tmp_path):
    sets.draw(tmp_path / "photo.png")
    assert Pictures(tmp_path).find("photo.1", tmp_path / "photo.1.xml") == []
    assert Pictures(tmp_path).find("C:\\photo.jpg", tmp_path / "a.xml") == [tmp_path / "photo.png"]


@pytest.mark.parametrize("task", ["detection", "classification"])
def test_a_folder_of_no_known_format_is_refused(tmp_path, task):
    sets.draw(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"is in no known format; say which it is with data\.format: "):
        read(Data(path=tmp_path), task, "trainval", sets.CLASSES)


@pytest.mark.parametrize("told", ["shown", "stored", "nothing"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_lie_on_the_picture_as_shown_in_the_orientation_that_the_annotation_s_size_tells(
    tmp_path, orientation, told
):
    """A white rectangle in a stored picture; its box is drawn on what is told. Without sizes: on what is shown."""
    stored = np.zeros((20, 30, 3), np.uint8)
    stored[4:7, 10:18] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "set" / "train" / "a.png"
    file.parent.mkdir(parents=True)
    Image.fromarray(stored).save(file, exif=exif)
    shown = read_picture(file)
    ys, xs = np.nonzero(shown[0])
    seen = (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    turned = orientation >= 5
    box = (10, 4, 18, 7) if told == "stored" and turned else seen
    size = None if told == "nothing" else (30, 20) if told == "stored" or not turned else (20, 30)
    sets.write(file.with_suffix(".xml"), sets.voc_xml([("cat", box)], size=size))
    sets.draw(tmp_path / "set" / "val" / "b.png")
    sets.write(tmp_path / "set" / "val" / "b.xml", sets.voc_xml([("cat", (1, 1, 5, 5))]))
    (sample,) = read(Data(path=tmp_path / "set"), "detection", "trainval", ("cat",))
    assert sample.boxes.tolist() == [list(seen)]


def voc_without_size(root, *objects):
    sets.draw(root / "train" / "a.png")
    sets.write(root / "train" / "a.xml", sets.voc_xml([("cat", (0, 0, 4, 4)), *objects], size=None))
    sets.draw(root / "val" / "b.png")
    sets.write(root / "val" / "b.xml", sets.voc_xml([("cat", (0, 0, 4, 4))]))


def test_boxes_outside_are_refused_or_clipped_and_counted(tmp_path):
    voc_without_size(tmp_path, ("cat", (30, 10, 44, 20)), ("cat", (50, 0, 60, 9)), ("cat", (-5, 3, 4, 9)))
    checked = check(Data(path=tmp_path), "detection")
    assert titles(checked, fatal=True) == {"boxes outside their pictures": 3}
    with pytest.raises(DataError, match=r"3 faults.*clip all such boxes with data\.boxes=clip"):
        read(Data(path=tmp_path), "detection", "trainval", sets.CLASSES)[0]
    data = Data(path=tmp_path, boxes="clip")
    clipped = {"boxes wholly outside their pictures, dropped": 1, "boxes clipped to their pictures": 2}
    assert titles(check(data, "detection")) == clipped
    sample = read(data, "detection", "trainval", sets.CLASSES)[0]
    assert sample.boxes.tolist() == [[0, 0, 4, 4], [30, 10, 40, 20], [0, 3, 4, 9]]


def stale(root):
    for name in ("a", "b", "c"):
        sets.write(root / "Annotations" / f"{name}.xml", sets.voc_xml(sets.OBJECTS["train"]["a"], "a.png"))
        sets.draw(root / "JPEGImages" / f"{name}.png")


def test_a_stale_name_of_a_picture_does_not_count(tmp_path):
    stale(tmp_path)
    checked = check(Data(path=tmp_path), "detection")
    assert titles(checked, fatal=True) == {}
    assert [f.line for f in checked.findings if "stale" in f.kind.title] == [
        f"{tmp_path.name}/Annotations/{name}.xml: <filename> is a.png, not {name}.png" for name in "bc"
    ]
    pictures = [entry.file.name for entry in (*checked.parted.trained, *checked.parted.measured)]
    assert sorted(pictures) == ["a.png", "b.png", "c.png"]


def renamed_picture(root):
    sets.labelimg(root)
    (root / "train" / "a.jpg").rename(root / "train" / "z.jpg")


def damaged_pictures(root):
    sets.ultralytics(root)
    for name in ("a", "b b"):
        file = root / "images" / "train" / f"{name}.png"
        file.write_bytes(file.read_bytes()[:-200])


def lost_picture(root):
    sets.roboflow_yolo(root)
    (root / "train" / "images" / "a.png").unlink()


def two_of_one_stem(root):
    stale(root)
    for name in ("b", "c"):
        (root / "JPEGImages" / f"{name}.png").unlink()


def edited_coco(edit):
    def make(root):
        sets.coco_texts(root)
        file = root / "annotations" / "instances_train.json"
        content = json.loads(file.read_text())
        edit(content)
        file.write_text(json.dumps(content))

    return make


def edited_csv(line):
    def make(root):
        sets.roboflow_csv(root)
        with (root / "train" / "_annotations.csv").open("a") as file:
            file.write(line + "\n")

    return make


def yolo_line(line):
    def make(root):
        sets.yolo_bare(root)
        with (root / "val" / "c.txt").open("a") as file:
            file.write(line + "\n")

    return make


def no_objects(root):
    sets.ultralytics(root)
    (root / "labels" / "val" / "c.txt").unlink()


def no_test_split(root):
    sets.ultralytics(root)
    (root / "cells.yaml").write_text("{val: images/val, names: [cat, dog]}")


FAULTS = {
    "a picture is gone": (renamed_picture, {"missing pictures": 1}),
    "pictures are cut": (damaged_pictures, {"damaged pictures": 2}),
    "labels without their picture": (lost_picture, {"missing pictures": 1}),
    "annotations of one picture": (two_of_one_stem, {"duplicated entries": 2}),
    "an image twice": (edited_coco(lambda c: c["images"].append(c["images"][0])), {"duplicated entries": 2}),
    "a name twice": (
        edited_coco(lambda c: c["images"].append({**c["images"][0], "id": 99})),
        {"duplicated entries": 1},
    ),
    "7 and '7'": (
        edited_coco(lambda c: c["images"].append({"id": 0, "file_name": "deep/c.png"})),
        {"duplicated entries": 1, "missing pictures": 1},
    ),
    "a category twice": (
        edited_coco(lambda c: c["categories"].append({"id": 2, "name": "dog"})),
        {"duplicated entries": 1},
    ),
    "two of one name": (
        edited_coco(lambda c: c["annotations"].append({"image_id": 0, "category_id": 0, "bbox": [1, 1, 2, 2]})),
        {"duplicated entries": 1},
    ),
    "an unknown image": (
        edited_coco(lambda c: c["annotations"].append({"image_id": "x", "category_id": 1, "bbox": [1, 1, 2, 2]})),
        {"objects of unknown pictures": 1},
    ),
    "an unknown category": (
        edited_coco(lambda c: c["annotations"].append({"image_id": 0, "category_id": 9, "bbox": [1, 1, 2, 2]})),
        {"objects of unknown classes": 1},
    ),
    "a negative side": (
        edited_coco(lambda c: c["annotations"].append({"image_id": 0, "category_id": 1, "bbox": [1, 1, -2, 2]})),
        {"objects without a readable box": 1},
    ),
    "an outside picture": (edited_csv("../../secret.png,1,1,cat,0,0,1,1"), {"missing pictures": 1}),
    "a word for a corner": (edited_csv("a.png,40,24,cat,left,0,1,1"), {"objects without a readable box": 1}),
    "a cut line": (edited_csv("a.png,40,24,cat,0,0"), {"objects without a readable box": 1}),
    "another size": (edited_csv("a.png,80,48,cat,0,0,1,1"), {"pictures of another size than annotated": 1}),
    "a class beyond": (yolo_line("2 0.5 0.5 0.1 0.1"), {"objects of unknown classes": 1}),
    "pixels for parts": (yolo_line("1 20 12 4 4"), {"boxes outside their pictures": 1}),
    "a score": (yolo_line("1 0.5 0.5 0.1 0.1 0.9"), {"objects without a readable box": 1}),
    "words": (yolo_line("cat 0.5 0.5 0.1 0.1"), {"objects without a readable box": 1}),
    "no objects": (no_objects, {"splits without any object": 1}),
    "nothing to train on": (no_test_split, {"sets without a split to train on": 1}),
}


@pytest.mark.parametrize(("make", "expected"), FAULTS.values(), ids=FAULTS)
def test_what_would_lose_a_label_is_refused_and_counted(tmp_path, make, expected):
    make(tmp_path / "set")
    checked = check(Data(path=tmp_path / "set"), "detection", sets.CLASSES)
    assert titles(checked, fatal=True) == expected
    recipe = load_recipe("tests/recipes/tiny.yaml", [*settings_for(tmp_path / "set"), "model.classes=[cat, dog]"])
    with pytest.raises(DataError) as caught:
        check_recipe(recipe)
    assert len(caught.value.details) == (0 if sum(expected.values()) == 1 else sum(expected.values()) + len(expected))


def test_findings_that_lose_nothing_are_told_worst_first(tmp_path):
    sets.ultralytics(tmp_path / "set")
    train = tmp_path / "set" / "images" / "train"
    (train / "copy.png").write_bytes((train / "a.png").read_bytes())
    sets.write(
        tmp_path / "set" / "labels" / "train" / "copy.txt", "1 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n0 .2 .2 0 .1\n"
    )
    checked = check(Data(path=tmp_path / "set"), "detection")
    assert list(titles(checked).items()) == [
        ("boxes without an area, which do not count", 1),
        ("pictures of the same bytes as another one", 1),
        ("boxes that are there twice", 1),
        ("pictures without an annotation file, taken as empty", 1),
        ("pictures without objects", 1),
    ]
    assert checked.report[1] == "train (trained on): 4 pictures, 6 objects (cat 2, dog 4)"
    assert checked.report[3] == "noted: 1 boxes without an area, which do not count; correct them if they should count"


def test_all_splits_are_looked_through(tmp_path):
    sets.class_folders(tmp_path / "set")
    sets.draw(tmp_path / "set" / "test" / "cat" / "bad.png").write_bytes(b"none")
    done = []
    checked = check(Data(path=tmp_path / "set"), "classification", progress=lambda what, *steps: done.append(steps))
    assert titles(checked)["damaged pictures"] == 1
    assert done == [(number, 7) for number in range(8)]


def test_one_s_own_pictures_of_classes_are_trained_on_and_measured(tmp_path):
    sets.class_folders(tmp_path / "set")
    recipe = load_recipe(
        "tests/recipes/tiny-resnet.yaml", [*settings_for(tmp_path / "set"), "model.classes=[cat, dog]"]
    )
    assert (len(training_set(recipe)), len(validation_set(recipe))) == (4, 2)
    assert training_set(recipe)[0].image.shape == (3, recipe.data.image_size, recipe.data.image_size)


def test_own_pictures_are_all_used_whatever_the_recipe_makes_of_other_sets(tmp_path):
    sets.class_folders(tmp_path / "set")
    data = Data(path=tmp_path / "set", train_images=1, val_images=1)
    assert len(read(data, "classification", "trainval", sets.CLASSES)) == 4


def test_the_converter_writes_what_is_read_alike(tmp_path):
    from benchmarks.data.convert import WRITERS, convert

    sets.roboflow_coco(tmp_path / "set")
    expected = samples_of(tmp_path / "set")
    for form in WRITERS.keys() - {"folders"}:
        convert(tmp_path / "set", tmp_path / form, form)
        assert formats_in(tmp_path / form, "detection") == [form]
        assert samples_of(tmp_path / form) == expected
    convert(tmp_path / "set", tmp_path / "folders", "folders")
    crops = read(Data(path=tmp_path / "folders"), "classification", "trainval", sets.CLASSES)
    assert [sets.CLASSES[sample.labels[0]] for sample in crops] == ["cat", "dog", "dog"]


def samples_of(folder: Path):
    return [
        (sample.name, sample.labels.tolist(), np.round(sample.boxes, 2).tolist())
        for split in ("trainval", "test")
        for sample in read(Data(path=folder), "detection", split, sets.CLASSES)
    ]


def test_classes_that_are_numbers_are_sorted_by_their_value():
    """Up to 19 digits; what is longer is a word, since no tool counts so far."""
    most, words = "9" * 19, ["1" + "0" * 19, "a"]
    assert sorted([*words, "10", most, "9"], key=numbered) == ["9", "10", most, *words]


def test_a_split_is_told_by_the_innermost_folder_below_the_set():
    root = Path("/sets/train/mine")
    assert split_in(root / "test" / "val", root) == "val"
    assert split_in(root / "a", root) == WHOLE
    assert split_in(Path("/elsewhere/valid/a"), root) == "val"


def test_labels_beside_their_pictures_are_found_though_a_folder_of_labels_is_there(tmp_path):
    sets.ultralytics(tmp_path / "set")
    label = tmp_path / "set" / "labels" / "train" / "a.txt"
    label.rename(tmp_path / "set" / "images" / "train" / "a.txt")
    found = {sample.name: sample for sample in read(Data(path=tmp_path / "set"), "detection", "trainval", sets.CLASSES)}
    assert len(found["a"].labels) == len(sets.OBJECTS["train"]["a"]) > 0


def test_a_class_that_nothing_shows_is_told_and_refuses_nothing(tmp_path):
    sets.ultralytics(tmp_path / "set")
    file = tmp_path / "set" / "cells.yaml"
    file.write_text(file.read_text().replace("names:", "names:\n  2: bird"))
    checked = check(Data(path=tmp_path / "set"), "detection")
    assert titles(checked, fatal=True) == {}
    assert titles(checked)["classes that are never trained"] == 1


def test_only_what_loses_no_label_lets_a_set_be_trained_on():
    assert {kind.title for kind in findings.ORDER if not kind.fatal} == {
        "boxes wholly outside their pictures, dropped",
        "boxes clipped to their pictures",
        "boxes without an area, which do not count",
        "stale <filename>, the picture called like its annotation being read",
        "pictures both trained and measured on",
        "pictures of the same bytes as another one",
        "boxes that are there twice",
        "classes that are never trained",
        "pictures that no annotation names, not used",
        "pictures without an annotation file, taken as empty",
        "files that were not read",
        "sets whose classes have no names, only numbers",
        "splits drawn by chance (data.split, data.seed)",
        "splits that are checked, but neither trained nor measured on",
        "pictures without objects",
    }
