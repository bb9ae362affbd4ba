"""Reader of COCO folders.

A COCO folder holds `annotations/instances_NAME.json` and the images in `NAME/` or `images/NAME/`. Names that begin with
`train` are trained on, those that begin with `val` are measured on; there must be one of each, e.g. `train2017` and
`val2017`.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.data.folders import given_folder
from codesign.data.pictures import read_picture
from codesign.data.sample import Sample, Split
from codesign.errors import DataError
from codesign.recipe import Data

PREFIX = {"trainval": "train", "test": "val"}

SLACK = 1.0
"""Pixels by which COCO's own boxes, rounded to hundredths, may leave their image; they are clipped to it."""


class CocoDataset:
    """The images of one split, those without objects too.

    Crowds and boxes without an area are difficult objects. Category ids become labels by the categories' names.

    Args:
        path: a COCO folder.
        split: `trainval` or `test`.
        classes: names in the order of their labels.

    Raises:
        DataError: a folder, file or image is missing or malformed; an object of an unknown class; a box outside its
            image. Images are opened when they are read, all else is checked at once.
    """

    def __init__(self, path: Path, split: Split, classes: Sequence[str]) -> None:
        file = _instances(path, split)
        self.folder = _images(path, file)
        try:
            content = _parse(file)
            self.entries = _entries(content, file, {name: label for label, name in enumerate(classes)})
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"is no COCO instances file ({error!r})", where=str(file), remedy="restore it") from error
        if not self.entries:
            raise DataError("lists no image", where=str(file), remedy="restore it")

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Sample:
        entry = self.entries[index]
        file = self.folder / entry.file_name
        image = read_picture(file)
        if image.shape[1:] != entry.shape:
            raise DataError(
                f"is of {image.shape[2]} x {image.shape[1]} pixels, listed with {entry.shape[1]} x {entry.shape[0]}",
                where=str(file),
                remedy="restore the file",
            )
        return Sample(file.stem, image, entry.boxes, entry.labels, entry.difficult)


@dataclass(frozen=True)
class _Entry:
    """An image's line in the file; objects as in `Sample`."""

    file_name: str
    shape: tuple[int, int]
    """(H, W)."""
    boxes: np.ndarray
    labels: np.ndarray
    difficult: np.ndarray


def read(data: Data, split: Split, classes: Sequence[str]) -> CocoDataset:
    """The images of a split. Raises DataError as `CocoDataset` does, or if the recipe names no folder."""
    return CocoDataset(given_folder(data, "the COCO folder"), split, classes)


def is_here(path: Path) -> bool:
    """Whether a folder is laid out as COCO's."""
    return any((path / "annotations").glob("instances_*.json"))


def _instances(path: Path, split: Split) -> Path:
    if not path.is_dir():
        raise DataError("no such data folder", where=str(path), remedy="set data.path to a COCO folder")
    pattern = f"annotations/instances_{PREFIX[split]}*.json"
    files = sorted(path.glob(pattern))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        raise DataError(f"needs one file {pattern}, found {found}", where=str(path), remedy="keep the one to use")
    return files[0]


def _images(path: Path, instances: Path) -> Path:
    name = instances.stem.removeprefix("instances_")
    for folder in (path / name, path / "images" / name):
        if folder.is_dir():
            return folder
    raise DataError(f"the images' folder {name} is missing", where=str(path), remedy="unpack the images there")


def _parse(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return content
    except (ValueError, RecursionError) as error:
        raise DataError(f"not readable as JSON ({error})", where=str(file), remedy="restore the file") from error


def _entries(content: dict[str, Any], file: Path, labels: dict[str, int]) -> list[_Entry]:
    names = {category["id"]: category["name"] for category in content["categories"]}
    objects = defaultdict(list)
    for item in content["annotations"]:
        objects[item["image_id"]].append(item)
    entries = []
    for image in content["images"]:
        items = objects[image["id"]]
        boxes = np.array([_box(item, image, file) for item in items], np.float32).reshape(-1, 4)
        classes = [_label(names.get(item["category_id"]), item, labels, file) for item in items]
        crowd = np.array([bool(item.get("iscrowd", 0)) for item in items], bool)
        empty = (boxes[:, 2:] <= boxes[:, :2]).any(1)
        name = Path(image["file_name"]).name  # an annotation must not reach outside its folder
        entries.append(
            _Entry(name, (image["height"], image["width"]), boxes, np.array(classes, np.int64), crowd | empty)
        )
    return entries


def _label(name: str | None, item: dict[str, Any], labels: dict[str, int], file: Path) -> int:
    if name not in labels:
        raise DataError(
            f"object of unknown class '{name or item['category_id']}'",
            where=str(file),
            remedy="list it in the recipe's model.classes",
        )
    return labels[name]


def _box(item: dict[str, Any], image: dict[str, Any], file: Path) -> tuple[float, float, float, float]:
    x, y, box_width, box_height = map(float, item["bbox"])
    width, height = image["width"], image["height"]
    x1, y1 = x + box_width, y + box_height
    # Written so that a number that is none (nan) fails it too.
    if not (-SLACK <= x <= x1 <= width + SLACK and -SLACK <= y <= y1 <= height + SLACK):
        raise DataError(
            f"box [{x:g}, {y:g}, {box_width:g}, {box_height:g}] of annotation {item.get('id')} lies outside its image "
            f"{image['file_name']} of {width} x {height} pixels",
            where=str(file),
            remedy="correct it; COCO boxes are [x, y, width, height]",
        )
    return max(x, 0.0), max(y, 0.0), min(x1, width), min(y1, height)
