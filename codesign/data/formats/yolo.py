"""YOLO: one text file a picture, `CLASS CX CY WIDTH HEIGHT` a line, as parts of the picture's width and height.

    data.yaml                   `names`, and `train`, `val`, `test`: folders of pictures, or lists of them (Ultralytics,
                                Roboflow); paths are below `path`, or below the file
    obj.names, classes.txt      names of the classes where there is no data.yaml (Darknet, CVAT, LabelImg)
    images/, labels/            a picture's text file lies in `labels` in place of `images`, or beside it

An outline in place of a box, `CLASS X Y X Y X Y ...`, becomes the box around it. A picture without a text file, or with
an empty one, has no objects. Folders called train, val (valid) and test are splits where no data.yaml tells them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codesign import yaml_text
from codesign.data.findings import (
    NO_BOX,
    NO_LABELS,
    NO_PICTURE,
    NO_PICTURES,
    TWICE,
    UNNAMED,
    UNREADABLE,
    Finding,
)
from codesign.data.formats.base import LONGEST_SHOWN, Entry, Listing, below, short, split_in, text_of
from codesign.data.pictures import SUFFIXES
from codesign.errors import DataError

TASKS = ("detection",)
TITLE = "YOLO"

SPLITS = ("train", "val", "test")
NAMES = ("classes.txt", "obj.names", "classes.names", "data.names")
NO_LABEL_FILES = (*NAMES, "train.txt", "val.txt", "valid.txt", "test.txt", "notes.json")
SLACK = 1.0
"""Pixels by which rounded parts may leave their picture."""


def is_here(path: Path, task: str) -> bool:
    """Whether a folder has a data.yaml, or pictures with text files of the kind; or whether a file is a data.yaml."""
    if _description(path) is not None:
        return True
    if not path.is_dir():
        return False
    labels = (_label_file(picture) for picture in below(path, *SUFFIXES))
    return any(file.is_file() and _looks_right(file) for file in labels)


def read(path: Path, task: str) -> Listing:
    """All splits of a folder of any of the layouts. Raises DataError if the file that describes it cannot be read."""
    listing, root = Listing("yolo", path), path if path.is_dir() else path.parent
    found = _description(path)
    if found is None:
        parted = {split: files for split, files in _by_folder(root).items() if files}
        listing.classes = _names_beside(root)
    else:
        file, content = found
        parted = _told(file, content, listing)
        listing.classes = _names(content.get("names"), content.get("nc"), file)
    twice = sorted({name for name in listing.classes if listing.classes.count(name) > 1})
    listing.findings += [Finding(TWICE, str(path), f"two classes are called {name!r}") for name in twice]
    if not listing.classes:
        listing.findings.append(Finding(UNNAMED, str(path)))
    used: set[Path] = set()
    for split, pictures in parted.items():
        listing.splits.setdefault(split, [])
        for picture in pictures:
            used.add(_add(listing, picture, split))
    listing.findings += _orphans(used, root)
    return listing.complete()


def _description(path: Path) -> tuple[Path, dict[str, Any]] | None:
    """The data.yaml of a folder, or of a folder in it, whatever it is called, and what it says."""
    inside = ("*.yaml", "*.yml", "*/*.yaml", "*/*.yml")
    files = [path] if path.is_file() else [file for pattern in inside for file in sorted(path.glob(pattern))]
    for file in files:
        if file.suffix.lower() not in (".yaml", ".yml"):
            continue
        try:
            content = yaml_text.parse(text_of(file))
        except (DataError, ValueError) as error:
            if file.stem == "data":
                raise DataError(f"is not YAML ({error})", where=str(file), remedy="mend its syntax") from error
            continue
        if isinstance(content, dict) and "names" in content and any(split in content for split in SPLITS):
            return file, content
    return None


def _names(names: object, count: object, file: Path) -> list[str]:
    if isinstance(names, dict):
        wrong = sorted(names, key=str) != sorted(range(len(names)), key=str)
        names = [names.get(number) for number in range(len(names))]
        if wrong:
            raise DataError("its names are not numbered 0, 1, 2 ..", where=str(file), remedy="number them so")
    if not isinstance(names, list) or not names or not all(isinstance(name, str | int) for name in names):
        raise DataError("its names are no list of classes", where=str(file), remedy="names: [first, second]")
    if isinstance(count, int) and count != len(names):
        raise DataError(f"nc is {count}, but there are {len(names)} names", where=str(file), remedy="correct it")
    return [str(name) for name in names]


def _names_beside(root: Path) -> list[str]:
    found = [file for name in NAMES for file in (root / name, root / "labels" / name) if file.is_file()]
    found += [file for file in below(root, ".txt", ".names") if file.name in NAMES]
    return [line.strip() for line in text_of(found[0]).splitlines() if line.strip()] if found else []


def _by_folder(root: Path) -> dict[str, list[Path]]:
    parted: dict[str, list[Path]] = {}
    for picture in below(root, *SUFFIXES):
        parted.setdefault(split_in(picture.parent, root), []).append(picture)
    return parted


def _told(file: Path, content: dict[str, Any], listing: Listing) -> dict[str, list[Path]]:
    """The pictures of each split that the file names."""
    parted: dict[str, list[Path]] = {}
    for split in SPLITS:
        told = content.get(split) or (content.get("valid") if split == "val" else None)
        places = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        pictures: list[Path] = []
        for place in places:
            found = _place(str(place), file, content.get("path"))
            if found is None:
                if split == "test":  # Roboflow names one even where there is none
                    continue
                listing.findings.append(Finding(NO_PICTURES, short(file, listing.root), f"{split}: {place} is missing"))
            else:
                pictures += below(found, *SUFFIXES) if found.is_dir() else _listed(found)
        if pictures:
            parted[split] = list(dict.fromkeys(pictures))
    return parted


def _place(place: str, file: Path, base: object) -> Path | None:
    """Where a path of the file leads. Roboflow writes `../train/images` for a folder beside the file."""
    bases = [file.parent / str(base), file.parent] if base else [file.parent]
    inner = place.removeprefix("../")
    candidates = [folder / name for name in (place, inner) for folder in bases]
    return next((candidate for candidate in candidates if candidate.exists()), None)


def _listed(file: Path) -> list[Path]:
    lines = [line.strip() for line in text_of(file).splitlines() if line.strip()]
    return [Path(line) if Path(line).is_absolute() else file.parent / line for line in lines]


def _label_file(picture: Path) -> Path:
    """The text file of a picture: in `labels` in place of the last `images`, else beside it."""
    parts = list(picture.parts)
    places = [number for number, part in enumerate(parts[:-1]) if part == "images"]
    if places:
        parts[places[-1]] = "labels"
        file = Path(*parts).with_suffix(".txt")
        if file.parent.is_dir() and (file.exists() or not picture.with_suffix(".txt").exists()):
            return file
    elif not picture.with_suffix(".txt").exists():
        beside = picture.parent.parent / "labels" / f"{picture.stem}.txt"
        if beside.exists():
            return beside
    return picture.with_suffix(".txt")


def _looks_right(file: Path) -> bool:
    """Whether the first line is a class and numbers."""
    try:
        line = next((line.split() for line in text_of(file).splitlines() if line.strip()), [])
    except DataError:
        return False
    try:
        return len(line) >= 5 and line[0].isdecimal() and all(math.isfinite(float(word)) for word in line)
    except ValueError:
        return False


def _add(listing: Listing, picture: Path, split: str) -> Path:
    """Adds a picture, with what is wrong with its text file, which is returned."""
    file = _label_file(picture)
    where = short(file, listing.root)
    lines: list[str] = []
    try:
        if file.exists():
            lines = text_of(file).splitlines()
        else:
            listing.findings.append(Finding(NO_LABELS, short(picture, listing.root)))
    except DataError as error:
        listing.findings.append(Finding(UNREADABLE, where, error.what))
    names, boxes = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _object(line.split(), listing.classes)
        if isinstance(found, str):
            listing.findings.append(Finding(NO_BOX, f"{where}:{number}", found))
            continue
        names.append(found[0])
        boxes.append(found[1])
    found_boxes = np.array(boxes, np.float64).reshape(-1, 4)
    listing.add(split, Entry(picture, where, tuple(names), found_boxes, relative=True, slack=SLACK))
    return file


def _object(words: Sequence[str], classes: Sequence[str]) -> tuple[str, tuple[float, ...]] | str:
    """The class and the box (x0, y0, x1, y1) of a line; or what is wrong with it."""
    try:
        number, *values = (float(word) for word in words)
    except ValueError:
        return f"no line of numbers: {' '.join(words)[:LONGEST_SHOWN]}"
    if number < 0 or not number.is_integer():
        return f"class {words[0][:LONGEST_SHOWN]} is no whole number"
    name = classes[int(number)] if number < len(classes) else f"{int(number)}"
    if len(values) == 4:
        x, y, width, height = values
        return name, (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if len(values) >= 6 and len(values) % 2 == 0:
        xs, ys = values[::2], values[1::2]
        return name, (min(xs), min(ys), max(xs), max(ys))
    return f"{len(words)} numbers are neither a class and a box nor a class and an outline"


def _orphans(used: set[Path], root: Path) -> list[Finding]:
    """Text files in the folders of labels whose picture is not there."""
    folders = sorted({file.parent for file in used if file.parent.is_dir()})
    files = [file for folder in folders for file in sorted(folder.glob("*.txt")) if file.name not in NO_LABEL_FILES]
    lost = [file for file in files if file not in used and _looks_right(file)]
    return [Finding(NO_PICTURE, short(file, root), "its image is missing") for file in lost]
