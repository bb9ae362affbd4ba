"""The VOC reader, on folders made here, and the digits set."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codesign.data import training_set, validation_set
from codesign.data.dataset import settings_for
from codesign.data.digits import draw_scene, sources, write_digits
from codesign.data.formats import formats_in
from codesign.data.own import read
from codesign.errors import DataError
from codesign.recipe import Data, load_recipe

TINY = Path(__file__).parent / "recipes" / "tiny.yaml"
CLASSES = ("cat", "dog")


def object_xml(name="cat", box=(1, 1, 4, 3), difficult=0):
    keys = ("xmin", "ymin", "xmax", "ymax")
    coordinates = "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, box, strict=True))
    return f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>{coordinates}</bndbox></object>"


def write_voc(folder: Path, objects: str, name="000001", split="test", suffix=".png", size=(10, 6)):
    """One image of (width, height) pixels whose red is x and whose green is y."""
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    Image.fromarray(np.stack((x, y, 0 * x), 2).astype(np.uint8)).save(folder / "JPEGImages" / (name + suffix))
    xml = f"<annotation><filename>{name}{suffix}</filename>{objects}</annotation>"
    (folder / "Annotations" / f"{name}.xml").write_text(xml)
    with (folder / "ImageSets" / "Main" / f"{split}.txt").open("a") as file:
        file.write(f"{name}\n")
    return folder


def voc(folder, split="test"):
    return read(Data(set="voc", path=folder), "detection", split, CLASSES)


def test_boxes_count_from_zero_and_exclude_their_end(tmp_path):
    write_voc(tmp_path, object_xml(box=(1, 2, 10, 6)) + object_xml("dog", difficult=1))
    (sample,) = voc(tmp_path)
    assert sample.boxes.tolist() == [[0, 1, 10, 6], [0, 0, 4, 3]]
    assert sample.labels.tolist() == [0, 1]
    assert sample.difficult.tolist() == [False, True]
    assert sample.image.shape == (3, 6, 10)
    assert sample.image[:, 4, 7].tolist() == [7, 4, 0]


def test_an_image_without_objects_is_read(tmp_path):
    write_voc(tmp_path, object_xml(), name="000002")
    _, sample = voc(write_voc(tmp_path, ""))
    assert sample.boxes.shape == (0, 4)


def test_a_devkit_gives_the_union_of_the_years_that_have_the_split(tmp_path):
    write_voc(tmp_path / "VOC2007", object_xml(), name="a", split="trainval", suffix=".jpg")
    write_voc(tmp_path / "VOC2007", object_xml(), name="b", split="test", suffix=".jpg")
    write_voc(tmp_path / "VOC2012", object_xml("dog"), name="c", split="trainval", suffix=".jpg")
    assert [s.name for s in voc(tmp_path, "trainval")] == ["a", "c"]
    assert [s.name for s in voc(tmp_path)] == ["b"]


def test_a_devkit_is_measured_on_the_test_of_2007_whatever_else_is_unpacked(tmp_path):
    write_voc(tmp_path / "VOC2007", object_xml(), name="a")
    write_voc(tmp_path / "VOC2012", "", name="b")  # its test has no public annotations
    assert [s.name for s in voc(tmp_path)] == ["a"]


def test_the_option_for_a_devkit_sets_it(tmp_path):
    folder = write_voc(tmp_path / "my: devkit" / "VOC2007", object_xml()).parent
    recipe = load_recipe(TINY, settings_for(folder))
    assert (recipe.data.set, recipe.data.path) == ("pictures", folder)
    assert formats_in(folder, "detection") == ["voc"]


@pytest.mark.parametrize("box", [(0, 1, 4, 3), (1, 1, 11, 3), (1, 1, 4, 7), (6, 1, 4, 3), (1, 1, "wide", 3)])
def test_a_box_outside_its_image_is_refused(tmp_path, box):
    write_voc(tmp_path, object_xml(box=box))
    with pytest.raises(DataError, match=r"000001\.xml.*box"):
        voc(tmp_path)[0]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "JPEGImages" / "000001.png").unlink(), "image is missing"),
        (lambda f: (f / "JPEGImages" / "000001.png").write_bytes(b"\x89PNG"), "not readable as an image"),
        (lambda f: (f / "Annotations" / "000001.xml").unlink(), "annotation is missing"),
        (lambda f: (f / "Annotations" / "000001.xml").write_text("<annotation>"), "not readable as XML"),
        (
            lambda f: (f / "Annotations" / "000001.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            "not readable as XML",
        ),
        (lambda f: write_voc(f, object_xml("horse"), split="other"), "unknown class 'horse'"),
    ],
)
def test_a_damaged_folder_is_refused_with_the_file_named(tmp_path, damage, message):
    damage(write_voc(tmp_path, object_xml()))
    with pytest.raises(DataError, match=message) as caught:
        voc(tmp_path)[0]
    assert "000001" in caught.value.where


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_a_missing_folder_or_list_is_refused(tmp_path, split):
    with pytest.raises(DataError, match="no such data folder"):
        voc(tmp_path / "nowhere", split)
    with pytest.raises(DataError, match="has no split to train on" if split == "trainval" else "lists no image"):
        voc(tmp_path, split)


@pytest.mark.parametrize(
    ("size", "fit", "box"),
    [
        (32, "stretch", [0, 0, 16, 16]),
        (32, "letterbox", [0, 6, 16, 16]),  # 10 x 6 pixels become 32 x 19, with 6 rows of black above
        ([64, 32], "letterbox", [0, 22, 16, 32]),
        ([32, 64], "stretch", [0, 0, 32, 16]),
    ],
)
def test_images_of_another_shape_are_fitted_with_their_boxes(tmp_path, size, fit, box):
    write_voc(tmp_path, object_xml(box=(1, 1, 5, 3)), size=(10, 6))
    settings = ["data.set=voc", f"data.path={tmp_path}", f"data.image_size={size}", f"data.fit={fit}"]
    sample = validation_set(load_recipe(TINY, [*settings, "model.classes=[cat, dog]"]))[0]
    assert sample.image.shape == (3, *((size, size) if isinstance(size, int) else size))
    assert sample.boxes == pytest.approx(np.array([box], float), abs=0.51)


def test_a_flag_behind_a_name_is_left_out_and_a_name_with_a_blank_is_kept(tmp_path):
    """Lists of one class have the flag; a picture may be called as if it had one."""
    for name in ("a", "b 1", "c"):
        write_voc(tmp_path, object_xml(), name=name)
    (tmp_path / "ImageSets" / "Main" / "test.txt").write_text("a -1\nb 1\nc  1\n")
    assert [sample.name for sample in voc(tmp_path)] == ["a", "b 1", "c"]


def test_an_annotation_of_two_megabytes_is_read_and_one_of_more_than_16_refused(tmp_path):
    write_voc(tmp_path, object_xml() + " " * (2 << 20))
    assert len(voc(tmp_path)[0].boxes) == 1
    write_voc(tmp_path, object_xml() + " " * (16 << 20), split="other")
    with pytest.raises(DataError, match="000001"):
        voc(tmp_path)[0]


def test_the_two_splits_of_the_digits_share_no_handwriting():
    train, test = (({image.tobytes() for image in sources(split).ink}) for split in ("trainval", "test"))
    assert len(train) + len(test) == 1797
    assert not train & test


def test_digits_are_the_same_bytes_for_the_same_seed_and_others_for_another(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_digits(tmp_path / name, image_size=(32, 32), train_images=2, test_images=2, seed=seed)
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) == 10
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    images = [file for file in files if file.suffix == ".png"]
    assert all((tmp_path / "a" / file).read_bytes() != (tmp_path / "c" / file).read_bytes() for file in images)


BRIGHTNESS = [
    [62, 92, 88], [84, 77, 61], [89, 110, 94], [110, 124, 70], [104, 93, 85], [109, 104, 100],
    [84, 72, 60], [109, 93, 105], [83, 104, 98], [95, 85, 106], [106, 91, 103], [76, 73, 66],
]  # fmt: skip
"""Mean brightness of the left, middle and right third of the first scenes of seed 0."""


def test_a_version_of_the_digits_has_the_same_scenes_everywhere():
    rngs = [np.random.default_rng([0, False, n]) for n in range(12)]
    scenes = [draw_scene(rng, sources("trainval"), (96, 96), (18, 40)) for rng in rngs]
    thirds = [np.asarray(image, float).reshape(96, 3, 32, 3).mean((0, 2, 3)) for image, _ in scenes]
    assert np.array(thirds) == pytest.approx(np.array(BRIGHTNESS), abs=1)
    assert " ".join("".join(label for label, _ in objects) for _, objects in scenes) == "7 3 45 19 4 30 05 1 9 12 42 9"
    boxes = np.array([box for _, objects in scenes for _, box in objects][:3])
    assert boxes == pytest.approx(np.array([(42, 30, 75, 61), (28, 19, 45, 39), (20, 45, 36, 65)]), abs=1)


def test_the_digits_set_is_read_by_the_voc_reader_with_objects_inside(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESIGN_CACHE", str(tmp_path))
    recipe = load_recipe(TINY, ["data.image_size=64"])
    train = training_set(recipe)
    assert len(train) == 24
    assert len(validation_set(recipe)) == 8
    samples = [train[index] for index in range(len(train))]
    heights = np.concatenate([s.boxes[:, 3] - s.boxes[:, 1] for s in samples])
    assert heights.max() > 2 * heights.min()
    assert all(1 <= len(s.boxes) <= 3 and s.image.shape == (3, 64, 64) for s in samples)


def test_digits_of_a_rectangle_lie_inside_of_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESIGN_CACHE", str(tmp_path))
    train = training_set(load_recipe(TINY, ["data.image_size=[32, 64]"]))
    samples = [train[index] for index in range(len(train))]
    boxes = np.concatenate([sample.boxes for sample in samples])
    assert {sample.image.shape for sample in samples} == {(3, 32, 64)}
    assert boxes.min() >= 0 and boxes[:, 2].max() > 40 and boxes[:, 3].max() <= 32


def test_digits_are_as_high_as_the_recipe_says(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESIGN_CACHE", str(tmp_path))
    recipe = load_recipe(TINY, ["data.image_size=64", "data.digit_heights=[40, 44]"])
    train = training_set(recipe)
    heights = np.concatenate([train[index].boxes[:, 3] - train[index].boxes[:, 1] for index in range(len(train))])
    assert heights.min() >= 36
    assert heights.max() <= 60


@pytest.mark.parametrize("place", ["Annotations/000001.xml", "JPEGImages/000001.png"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is a named pipe"),
        (Path.mkdir, "is a folder"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device"),
        (lambda path: path.symlink_to(path.name), "cannot be read"),
    ],
    ids=["pipe", "folder", "device", "loop"],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, place, make, said):
    write_voc(tmp_path, object_xml())
    (tmp_path / place).unlink()
    make(tmp_path / place)
    with pytest.raises(DataError, match=said):
        voc(tmp_path)[0]


def test_a_picture_of_more_objects_than_are_ever_told_apart_is_refused(tmp_path):
    write_voc(tmp_path, object_xml() * 10_001)
    with pytest.raises(DataError, match="10,001 objects are more than 10,000"):
        voc(tmp_path)[0]
