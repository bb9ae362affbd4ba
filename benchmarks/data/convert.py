"""Writes a set of pictures with boxes in another format, for tutorials and for trying the readers.

python -m benchmarks.data.convert cells cells-yolo --to yolo

yolo      data.yaml, train/images, train/labels, valid/ ..           (Ultralytics, Roboflow)
coco      train/_annotations.coco.json beside the pictures, valid/ .. (Roboflow)
csv       train/_annotations.csv beside the pictures, valid/ ..       (Roboflow, TensorFlow)
voc       Annotations, JPEGImages, ImageSets
folders   train/CLASS/*.png, val/ ..: every object cut out of its picture, for a classifier
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import yaml
from PIL import Image

from codesign.data.check import Looked, check
from codesign.data.findings import refuse
from codesign.data.pictures import read_picture
from codesign.files import new_folder
from codesign.recipe import Data

Parts = dict[str, list[Looked]]
"""Pictures of `train` and `val`."""
MARGIN = 0.1
"""The share of an object's size that is cut out around it."""
VALID = {"train": "train", "val": "valid"}


def convert(source: Path, out: Path, form: str, most: int | None = None) -> None:
    """Write the set at `source` to the new folder `out`; most: pictures of a split, for quick trials.

    Raises DataError as the check does.
    """
    checked = check(Data(path=source), "detection")
    refuse(checked.findings, str(source))
    trained, measured, *_ = checked.pictures.values()
    with new_folder(out) as folder:
        WRITERS[form](folder, {"train": trained[:most], "val": measured[:most]}, checked.parted.listing.classes)


def _boxes(one: Looked) -> Iterator[tuple[str, list[float]]]:
    """The class and (x0, y0, x1, y1) of every object, on the picture as it is shown."""
    assert one.placed is not None
    yield from zip(one.entry.names, one.placed.boxes.tolist(), strict=True)


def _size(one: Looked) -> tuple[int, int]:
    assert one.shown is not None
    return one.shown


def write_yolo(folder: Path, parts: Parts, classes: list[str]) -> None:
    description = {f"{split}": f"{VALID[split]}/images" for split in parts} | {"nc": len(classes), "names": classes}
    (folder / "data.yaml").write_text(yaml.safe_dump(description, sort_keys=False))
    for split, pictures in parts.items():
        images, labels = folder / VALID[split] / "images", folder / VALID[split] / "labels"
        images.mkdir(parents=True)
        labels.mkdir()
        for one in pictures:
            shutil.copyfile(one.entry.file, images / one.entry.file.name)
            width, height = _size(one)
            lines = [
                f"{classes.index(name)} {(x0 + x1) / 2 / width:.6f} {(y0 + y1) / 2 / height:.6f} "
                f"{(x1 - x0) / width:.6f} {(y1 - y0) / height:.6f}\n"
                for name, (x0, y0, x1, y1) in _boxes(one)
            ]
            (labels / f"{one.entry.file.stem}.txt").write_text("".join(lines))


def write_coco(folder: Path, parts: Parts, classes: list[str]) -> None:
    for split, pictures in parts.items():
        place = folder / VALID[split]
        place.mkdir()
        images, annotations = [], []
        for number, one in enumerate(pictures):
            shutil.copyfile(one.entry.file, place / one.entry.file.name)
            width, height = _size(one)
            images.append({"id": number, "file_name": one.entry.file.name, "width": width, "height": height})
            for name, (x0, y0, x1, y1) in _boxes(one):
                box = [x0, y0, x1 - x0, y1 - y0]
                annotations.append(
                    {"id": len(annotations), "image_id": number, "category_id": classes.index(name) + 1}
                    | {"bbox": box, "area": box[2] * box[3], "iscrowd": 0}
                )
        categories = [{"id": 0, "name": "objects"}]  # Roboflow's first one stands for the project
        categories += [{"id": number, "name": name} for number, name in enumerate(classes, start=1)]
        content = {"images": images, "annotations": annotations, "categories": categories}
        (place / "_annotations.coco.json").write_text(json.dumps(content))


def write_csv(folder: Path, parts: Parts, classes: list[str]) -> None:
    for split, pictures in parts.items():
        place = folder / VALID[split]
        place.mkdir()
        with (place / "_annotations.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax"))
            for one in pictures:
                shutil.copyfile(one.entry.file, place / one.entry.file.name)
                objects = [(name, *box) for name, box in _boxes(one)] or [("",) * 5]
                table.writerows((one.entry.file.name, *_size(one), *cells) for cells in objects)


def write_voc(folder: Path, parts: Parts, classes: list[str]) -> None:
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (folder / name).mkdir(parents=True)
    for split, pictures in parts.items():
        names = [one.entry.file.stem for one in pictures]
        (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
        for one in pictures:
            shutil.copyfile(one.entry.file, folder / "JPEGImages" / one.entry.file.name)
            width, height = _size(one)
            objects = "".join(
                f"<object><name>{escape(name)}</name><difficult>0</difficult><bndbox><xmin>{x0 + 1:g}</xmin>"
                f"<ymin>{y0 + 1:g}</ymin><xmax>{x1:g}</xmax><ymax>{y1:g}</ymax></bndbox></object>\n"
                for name, (x0, y0, x1, y1) in _boxes(one)
            )
            (folder / "Annotations" / f"{one.entry.file.stem}.xml").write_text(
                f"<annotation><filename>{escape(one.entry.file.name)}</filename><size><width>{width}</width>"
                f"<height>{height}</height><depth>3</depth></size>\n{objects}</annotation>\n"
            )


def write_folders(folder: Path, parts: Parts, classes: list[str]) -> None:
    for split, pictures in parts.items():
        for name in classes:
            (folder / split / name).mkdir(parents=True)
        for one in pictures:
            image, (width, height) = read_picture(one.entry.file).transpose(1, 2, 0), _size(one)
            for number, (name, (x0, y0, x1, y1)) in enumerate(_boxes(one)):
                margin = MARGIN * max(x1 - x0, y1 - y0)
                left, top, right, bottom = np.clip(
                    np.round([x0 - margin, y0 - margin, x1 + margin, y1 + margin]), 0, [width, height] * 2
                ).astype(int)
                crop = Image.fromarray(np.ascontiguousarray(image[top:bottom, left:right]))
                crop.save(folder / split / name / f"{one.entry.file.stem}_{number}.png")


WRITERS: dict[str, Callable[[Path, Parts, list[str]], None]] = {
    "yolo": write_yolo,
    "coco": write_coco,
    "csv": write_csv,
    "voc": write_voc,
    "folders": write_folders,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--to", choices=WRITERS, required=True)
    parser.add_argument("--most", type=int, help="pictures of a split")
    given = parser.parse_args()
    convert(given.source, given.out, given.to, given.most)


if __name__ == "__main__":
    main()
