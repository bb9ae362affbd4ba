"""Small sets of pictures in every format that people have, made for tests."""

import csv
import json
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

WIDTH, HEIGHT = 40, 24
CLASSES = ("cat", "dog")
OBJECTS = {
    "train": {"a": [("cat", (2, 4, 12, 10)), ("dog", (20, 8, 40, 24))], "b b": [("dog", (0, 0, 8, 8))], "empty": []},
    "val": {"c": [("cat", (4, 4, 8, 20))]},
}
"""Boxes (x0, y0, x1, y1) by split and picture."""


def draw(file: Path, size=(WIDTH, HEIGHT), **options):
    """A picture that no other one equals."""
    file.parent.mkdir(parents=True, exist_ok=True)
    seed = np.frombuffer(str(file).encode(), np.uint8)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(file, **options)
    return file


def voc_xml(objects, filename="", size=(WIDTH, HEIGHT)):
    items = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x0 + 1}</xmin><ymin>{y0 + 1}</ymin><xmax>{x1}</xmax>"
        f"<ymax>{y1}</ymax></bndbox></object>"
        for name, (x0, y0, x1, y1) in objects
    )
    sizes = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>" if size else ""
    return f"<annotation><filename>{filename}</filename>{sizes}{items}</annotation>"


def yolo_text(objects):
    lines = []
    for name, (x0, y0, x1, y1) in objects:
        numbers = ((x0 + x1) / 2 / WIDTH, (y0 + y1) / 2 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT)
        lines.append(" ".join([str(CLASSES.index(name)), *(f"{number:.6f}" for number in numbers)]))
    return "\n".join(lines) + "\n"


def coco_content(pictures, prefix="", ids=int, sizes=True):
    images, annotations = [], []
    for number, (name, objects) in enumerate(pictures.items()):
        size = {"width": WIDTH, "height": HEIGHT} if sizes else {}
        images.append({"id": ids(number), "file_name": f"{prefix}{name}.png", **size})
        for label, (x0, y0, x1, y1) in objects:
            box = [x0, y0, x1 - x0, y1 - y0]
            annotations.append({"image_id": number, "category_id": CLASSES.index(label) + 1, "bbox": box})
    categories = [{"id": 0, "name": "dog"}, {"id": 1, "name": "cat"}, {"id": "2", "name": "dog"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def write(file: Path, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))


def _pictures(parts=OBJECTS):
    return [(split, name, objects) for split, some in parts.items() for name, objects in some.items()]


def voc_lists(root):
    main = root / "ImageSets" / "Main"
    main.mkdir(parents=True)
    for split, name, objects in _pictures():
        draw(root / "JPEGImages" / f"{name}.png")
        write(root / "Annotations" / f"{name}.xml", voc_xml(objects, f"{name}.png"))
        with (main / f"{split}.txt").open("a") as file:
            file.write(f"{name}\n")


def labelimg(root):
    """XML beside its pictures, a folder for each split; <filename> without a suffix, another folder and no size."""
    for split, name, objects in _pictures():
        draw(root / split / f"{name}.jpg")
        write(root / split / f"{name}.xml", voc_xml(objects, name, None))


def voc_parted(root):
    for split, name, objects in _pictures():
        draw(root / "images" / split / f"{name}.png")
        write(root / "annotations" / split / f"{name}.xml", voc_xml(objects, f"C:\\photos\\{name}.png"))


def ultralytics(root):
    """images/SPLIT, labels/SPLIT, names by number."""
    for split, name, objects in _pictures():
        draw(root / "images" / split / f"{name}.png")
        if objects:
            write(root / "labels" / split / f"{name}.txt", yolo_text(objects))
    names = dict(enumerate(CLASSES))
    write(
        root / "cells.yaml", yaml.safe_dump({"path": ".", "train": "images/train", "val": "images/val", "names": names})
    )


def roboflow_yolo(root):
    """SPLIT/images with Roboflow's own wrong paths."""
    for split, name, objects in _pictures():
        folder = root / {"val": "valid"}.get(split, split)
        draw(folder / "images" / f"{name}.png")
        write(folder / "labels" / f"{name}.txt", yolo_text(objects))
    places = {"train": "../train/images", "val": "../valid/images", "test": "../test/images"}
    write(root / "data.yaml", yaml.safe_dump({**places, "nc": 2, "names": list(CLASSES)}))


def yolo_lists(root):
    for split, name, objects in _pictures():
        draw(root / "all" / f"{name}.png")
        write(root / "all" / f"{name}.txt", yolo_text(objects))
        with (root / f"{split}.txt").open("a") as file:
            file.write(f"./all/{name}.png\n")
    write(root / "data.yaml", yaml.safe_dump({"train": "train.txt", "val": "val.txt", "names": list(CLASSES)}))


def yolo_bare(root):
    """No data.yaml, as LabelImg writes it; one outline in place of a box."""
    for split, name, objects in _pictures():
        draw(root / split / f"{name}.png")
        write(root / split / f"{name}.txt", yolo_text(objects))
    write(root / "train" / "b b.txt", f"1 0 0 {8 / WIDTH} {2 / HEIGHT} {5 / WIDTH} {8 / HEIGHT}\n")
    write(root / "classes.txt", "cat\ndog\n")


def roboflow_coco(root):
    for split, some in OBJECTS.items():
        folder = root / {"val": "valid"}.get(split, split)
        for name in some:
            draw(folder / f"{name}.png")
        write(folder / "_annotations.coco.json", coco_content(some))


def coco_texts(root):
    """Image ids are texts where annotations have numbers; names have folders; no sizes; real numbers for ids."""
    for number, (split, some) in enumerate(OBJECTS.items()):
        for name in some:
            draw(root / "images" / split / "deep" / f"{name}.png")
        ids = (str, float)[number]
        write(root / "annotations" / f"instances_{split}.json", coco_content(some, "deep/", ids, sizes=False))
        write(root / "annotations" / f"captions_{split}.json", {"images": [], "annotations": [], "categories": []})


def coco_windows(root):
    for split, some in OBJECTS.items():
        for name in some:
            draw(root / "images" / f"{name}.png")
        write(root / f"{split}.json", coco_content(some, "C:\\data\\"))


def roboflow_csv(root):
    for split, some in OBJECTS.items():
        folder = root / {"val": "valid"}.get(split, split)
        rows = [("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")]
        for name, objects in some.items():
            draw(folder / f"{name}.png")
            rows += [(f"{name}.png", WIDTH, HEIGHT, label, *box) for label, box in objects]
            rows += [] if objects else [(f"{name}.png", WIDTH, HEIGHT, "", "", "", "", "")]
        _write_csv(folder / "_annotations.csv", rows)


def tensorflow_csv(root):
    """No sizes; columns in another order; semicolons."""
    for split, some in OBJECTS.items():
        rows = [("xmin", "xmax", "ymin", "ymax", "Label", "Image")]
        for name, objects in some.items():
            draw(root / "images" / f"{name}.png")
            rows += [(x0, x1, y0, y1, label, f"images/{name}.png") for label, (x0, y0, x1, y1) in objects]
            rows += [] if objects else [("", "", "", "", "", f"{name}.png")]
        _write_csv(root / f"{split}_labels.csv", rows, ";")


def headless_csv(root):
    for split, some in OBJECTS.items():
        rows = []
        for name, objects in some.items():
            draw(root / "images" / f"{name}.png")
            rows += [(f"images/{name}.png", *box, label) for label, box in objects]
            rows += [] if objects else [(f"images/{name}.png", "", "", "", "", "")]
        _write_csv(root / f"{split}.csv", rows)


def _write_csv(file, rows, delimiter=","):
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8-sig") as opened:
        csv.writer(opened, delimiter=delimiter).writerows(rows)


DETECTION = {
    "voc": (voc_lists, labelimg, voc_parted),
    "yolo": (ultralytics, roboflow_yolo, yolo_lists, yolo_bare),
    "coco": (roboflow_coco, coco_texts, coco_windows),
    "csv": (roboflow_csv, tensorflow_csv, headless_csv),
}
"""Layouts of each format, all of the same pictures and objects."""
LABELS = {"train": {"a": "cat", "b b": "dog", "d": "cat", "e": "dog"}, "val": {"c": "cat", "f": "dog"}}


def class_folders(root):
    for split, some in LABELS.items():
        for name, label in some.items():
            draw(root / {"val": "valid"}.get(split, split) / label / f"{name}.png")


def class_table(root):
    rows = [("image", "label", "split")]
    for split, some in LABELS.items():
        for name, label in some.items():
            draw(root / "photos" / f"{name}.png")
            rows.append((f"{name}.png", label, split))
    _write_csv(root / "labels.csv", rows)


def class_tables(root):
    for split, some in LABELS.items():
        for name in some:
            draw(root / split / f"{name}.png")
        _write_csv(root / split / "list.csv", [(f"{name}.png", label) for name, label in some.items()])


CLASSIFICATION = {"folders": (class_folders,), "csv": (class_table, class_tables)}
