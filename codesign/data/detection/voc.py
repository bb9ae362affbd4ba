"""Reader of Pascal VOC folders: the real devkit's and those that `codesign.data.digits` writes.

A VOC folder holds `Annotations/NAME.xml`, `JPEGImages/` and `ImageSets/Main/{trainval,test}.txt`. A devkit holds one
VOC folder a year (`VOC2007`, `VOC2012`): all years' trainval are trained on, and 2007's test, whose annotations are
public, is measured on.
"""

import os.path
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import numpy as np
from defusedxml import DefusedXmlException

from codesign.data.folders import given_folder
from codesign.data.pictures import read_picture
from codesign.data.sample import MOST_OBJECTS, Sample, Split
from codesign.errors import DataError
from codesign.reading import MIB, read_bytes, read_text
from codesign.recipe import Data

YEARS = "VOC[0-9][0-9][0-9][0-9]"
"""Folders of a devkit."""

SUFFIXES = (".jpg", ".png", ".jpeg")
ANNOTATION_BYTES = 16 * MIB
"""Largest annotation: of one picture."""
LONGEST_NAME = 200
"""Characters of an image's name: file systems take 255 bytes, its suffix included."""
LONGEST_SHOWN = 60
"""Characters of a file's content that an error shows."""


class VocDataset:
    """The images of one split: of all years that have it, but of VOC2007's test alone where there is one.

    Args:
        path: a VOC folder, or a devkit of them.
        split: `trainval` or `test`.
        classes: names in the order of their labels.

    Raises:
        DataError: a folder, list, annotation or image is missing or malformed; an object of an unknown class; a box
            outside its image. Annotations are checked when they are read, not all at once.
    """

    def __init__(self, path: Path, split: Split, classes: Sequence[str]) -> None:
        self.labels = {name: label for label, name in enumerate(classes)}
        self.entries = [(folder, name) for folder in _folders(path, split) for name in _names(folder, split)]

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Sample:
        folder, name = self.entries[index]
        annotation = folder / "Annotations" / f"{name}.xml"
        root = _parse(annotation)
        image = _read_image(folder, root.findtext("filename"), name)
        objects = root.findall("object")
        if len(objects) > MOST_OBJECTS:
            raise DataError(
                f"{len(objects):,} objects are more than {MOST_OBJECTS:,}, the most of one picture",
                where=str(annotation),
                remedy="cut the picture into several",
            )
        _, height, width = image.shape
        boxes = [_box(item, width, height, annotation) for item in objects]
        return Sample(
            name=name,
            image=image,
            boxes=np.array(boxes, np.float32).reshape(-1, 4),
            labels=np.array([self._label(item, annotation) for item in objects], np.int64),
            difficult=np.array([item.findtext("difficult", "0").strip() == "1" for item in objects], bool),
        )

    def _label(self, item: Element, annotation: Path) -> int:
        name = (item.findtext("name") or "").strip()
        if name not in self.labels:
            raise DataError(
                f"object of unknown class '{name[:LONGEST_SHOWN]}'",
                where=str(annotation),
                remedy="list it in the recipe's model.classes",
            )
        return self.labels[name]


def read(data: Data, split: Split, classes: Sequence[str]) -> VocDataset:
    """The images of a split. Raises DataError as `VocDataset` does, or if the recipe names no folder."""
    return VocDataset(given_folder(data, "the VOC devkit's folder"), split, classes)


def is_here(path: Path) -> bool:
    """Whether a folder is laid out as VOC's, or is a devkit of such folders."""
    return any(folder.is_dir() for folder in (path / "Annotations", *path.glob(f"{YEARS}/Annotations")))


def _folders(path: Path, split: Split) -> list[Path]:
    if not path.is_dir():
        raise DataError("no such data folder", where=str(path), remedy="set data.path to a VOC folder or devkit")
    candidates = [path] if (path / "Annotations").is_dir() else sorted(path.glob(YEARS))
    folders = [folder for folder in candidates if _list_file(folder, split).is_file()]
    if not folders:
        raise DataError(
            f"no VOC folder with the list ImageSets/Main/{split}.txt",
            where=str(path),
            remedy="set data.path to a VOC folder, or to the devkit that holds VOC2007",
        )
    tested = path / "VOC2007"
    return [tested] if split == "test" and tested in folders else folders


def _list_file(folder: Path, split: Split) -> Path:
    return folder / "ImageSets" / "Main" / f"{split}.txt"


def _names(folder: Path, split: Split) -> list[str]:
    file = _list_file(folder, split)
    names = [line.split()[0] for line in read_text(file, DataError).splitlines() if line.strip()]
    if not names:
        raise DataError("lists no image", where=str(file), remedy="list one image name a line")
    for name in names:  # a list must not reach outside its folder
        if Path(name).name != name or name == ".." or "\0" in name or len(name.encode()) > LONGEST_NAME:
            raise DataError(
                f"{name[:LONGEST_SHOWN]!r} is not the name of an image", where=str(file), remedy="list plain names"
            )
    return names


def _parse(annotation: Path) -> Element:
    try:
        root: Element = defusedxml.ElementTree.fromstring(read_bytes(annotation, DataError, limit=ANNOTATION_BYTES))
        return root
    except FileNotFoundError as error:
        raise DataError("annotation is missing", where=str(annotation), remedy="restore it, or unlist it") from error
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:  # of encodings, the last two
        raise DataError(f"not readable as XML ({error})", where=str(annotation), remedy="restore the file") from error


def _read_image(folder: Path, filename: str | None, name: str) -> np.ndarray:
    """(3, H, W) uint8 of the annotation's file name, or of the image called like the annotation."""
    directory = folder / "JPEGImages"
    candidates = [filename.strip()] if filename and filename.strip() else []
    candidates += [name + suffix for suffix in SUFFIXES]
    # Only the name counts: an annotation must not reach outside its folder.
    path = next((p for p in (directory / Path(c).name for c in candidates) if os.path.lexists(p)), None)
    if path is None:
        raise DataError(
            "image is missing", where=str(directory / candidates[0][:60]), remedy="restore it, or unlist it"
        )
    return read_picture(path)


def _box(item: Element, width: int, height: int, annotation: Path) -> tuple[float, float, float, float]:
    """VOC counts pixels from 1 and includes the last; here from 0, the end excluded."""
    try:
        x0, y0, x1, y1 = (float(item.findtext(f"bndbox/{key}", "missing")) for key in ("xmin", "ymin", "xmax", "ymax"))
    except ValueError as error:
        raise DataError(
            "a box lacks a number in xmin, ymin, xmax or ymax", where=str(annotation), remedy="correct it"
        ) from error
    if not (1 <= x0 <= x1 <= width and 1 <= y0 <= y1 <= height):
        raise DataError(
            f"box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) lies outside its image of {width} x {height} pixels",
            where=str(annotation),
            remedy="correct it; VOC counts pixels from 1",
        )
    return x0 - 1, y0 - 1, x1, y1
