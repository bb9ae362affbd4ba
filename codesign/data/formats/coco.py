"""COCO: one JSON file a split.

    annotations/instances_train2017.json, train2017/ or images/train2017/    COCO's own
    annotations/instances_default.json, images/                              CVAT's
    train/_annotations.coco.json beside its pictures, valid/, test/          Roboflow's
    any other JSON files of the kind, to three folders deep                  their names, or their folders', tell splits

Pictures are found by their names, folders in names included, wherever they lie below the folder.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from codesign.data.findings import TWICE, TWO_LISTS, UNKNOWN_CLASS, UNKNOWN_PICTURE, UNREAD, Finding
from codesign.data.formats.base import (
    LONGEST_SHOWN,
    WHOLE,
    Entry,
    Listing,
    Pictures,
    below,
    short,
    split_in,
    split_of,
)
from codesign.errors import DataError
from codesign.reading import MIB, read_bytes

TASKS = ("detection",)
TITLE = "COCO"

INSTANCES_BYTES = 1024 * MIB
"""Largest instances file: COCO's own has 448 MiB."""
SLACK = 1.0
"""Pixels by which COCO's own boxes, rounded to hundredths, may leave their image; they are clipped to it."""
DEPTH = 3
"""Folders below the user's in which instances files are looked for."""
PREFERRED = "instances_"
"""Beside files that begin so, others of COCO's (captions, keypoints) say the same pictures again."""

Id = int | float | str
"""What files of other programs have, too: texts, and the real numbers that tables make of whole ones."""


class _Category(msgspec.Struct):
    id: Id
    name: str


class _Image(msgspec.Struct):
    id: Id
    file_name: str
    width: float | None = None
    height: float | None = None


class _Object(msgspec.Struct):
    image_id: Id
    category_id: Id
    bbox: tuple[float, float, float, float]
    iscrowd: bool | int | None = False


class _Instances(msgspec.Struct):
    """What is read of an instances file. All else is passed over without being kept, outlines of objects above all."""

    categories: list[_Category]
    images: list[_Image]
    annotations: list[_Object]


def is_here(path: Path, task: str) -> bool:
    """Whether a folder holds instances files, or is one."""
    return bool(_files(path))


def read(path: Path, task: str) -> Listing:
    """All splits of a folder of any of the layouts. Raises DataError if an instances file cannot be read."""
    listing, pictures = Listing("coco", path), Pictures(path)
    files = _files(path)
    if not files:
        raise DataError("holds no COCO instances file", where=str(path), remedy="put one there")
    for file in sorted(set(below(path, ".json")) - set(files)) if path.is_dir() else ():
        listing.findings.append(Finding(UNREAD, short(file, path)))
    read_as: dict[str, Path] = {}
    for file in files:
        split = _split(file, path)
        other = read_as.setdefault(split, file)
        if other != file:
            what = f"is of the same split as {short(other, path)}"
            listing.findings.append(Finding(TWO_LISTS, short(file, path), what))
            continue
        _add(listing, _parse(file), file, pictures, split)
    return listing.complete(pictures)


def _split(file: Path, root: Path) -> str:
    return split_of(file.stem) or split_in(file.parent, root if root.is_dir() else root.parent) or WHOLE


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.suffix.lower() == ".json" else []
    near = [file for file in below(path, ".json") if len(file.relative_to(path).parts) <= DEPTH + 1]
    preferred = [file for file in near if file.name.startswith(PREFERRED)]
    return preferred or [file for file in near if _holds_instances(file)]


def _holds_instances(file: Path) -> bool:
    try:
        content = msgspec.json.decode(read_bytes(file, DataError, limit=INSTANCES_BYTES), type=dict[str, msgspec.Raw])
    except (DataError, FileNotFoundError, ValueError, RecursionError):
        return False
    return content.keys() >= {"images", "annotations", "categories"}


def _parse(file: Path) -> _Instances:
    try:
        return msgspec.json.decode(read_bytes(file, DataError, limit=INSTANCES_BYTES), type=_Instances)
    except msgspec.ValidationError as error:
        raise DataError(f"is no COCO instances file ({error})", where=str(file), remedy="restore it") from error
    except FileNotFoundError as error:  # a link to nothing
        raise DataError("is missing", where=str(file), remedy="restore the file") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"not readable as JSON ({error})", where=str(file), remedy="restore the file") from error


def _key(number: Id) -> str:
    """Ids are the same if they read the same: 7, 7.0 and "7"."""
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def _add(listing: Listing, content: _Instances, file: Path, pictures: Pictures, split: str) -> None:
    where = short(file, listing.root)
    objects: dict[str, list[_Object]] = defaultdict(list)
    for item in content.annotations:
        objects[_key(item.image_id)].append(item)
    listing.splits.setdefault(split, [])
    listing.findings += _faults(content, objects, where)
    names = {_key(category.id): category.name for category in content.categories}
    used = {_key(item.category_id) for item in content.annotations}
    # Categories without an object are no classes: Roboflow's first one stands for the project.
    listing.classes += [name for key, name in names.items() if key in used and name not in listing.classes]
    sources: dict[Path, _Image] = {}
    for image in content.images:
        told = f"{where}: image {_key(image.id)}"
        picture = pictures.one(image.file_name, file, split, told)
        if isinstance(picture, Finding):
            listing.findings.append(picture)
            continue
        other = sources.setdefault(picture, image)
        if other is not image:
            what = f"and image {_key(other.id)} name one picture, {picture.name}"
            listing.findings.append(Finding(TWICE, told, what))
            continue
        listing.add(split, _entry(image, objects.get(_key(image.id), []), names, picture, told))


def _entry(image: _Image, items: list[_Object], names: dict[str, str], picture: Path, told: str) -> Entry:
    items = [item for item in items if _key(item.category_id) in names]  # the others are told of already
    boxes = np.array([item.bbox for item in items], np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    size = (image.width, image.height) if image.width and image.height else None
    return Entry(
        picture,
        told,
        tuple(names[_key(item.category_id)] for item in items),
        boxes,
        np.array([bool(item.iscrowd) for item in items], bool),
        size,
        slack=SLACK,
    )


def _faults(content: _Instances, objects: Iterable[str], where: str) -> list[Finding]:
    """Ids that are unknown or that several things have, and names that several categories with objects have."""
    images = Counter(_key(image.id) for image in content.images)
    categories = Counter(_key(category.id) for category in content.categories)
    used = Counter(_key(item.category_id) for item in content.annotations)
    named = {(_key(category.id), category.name) for category in content.categories}
    names = Counter(name for key, name in named if key in used)
    found = [Finding(TWICE, where, f"image id {_cut(key)} twice") for key, count in images.items() if count > 1]
    found += [Finding(TWICE, where, f"category id {_cut(key)} twice") for key, n in categories.items() if n > 1]
    found += [Finding(TWICE, where, f"two categories are called {_cut(name)}") for name, n in names.items() if n > 1]
    found += [
        Finding(UNKNOWN_PICTURE, where, f"objects of image id {_cut(key)}, which is not listed")
        for key in objects
        if key not in images
    ]
    return found + [
        Finding(UNKNOWN_CLASS, where, f"{count:,} objects of category id {_cut(key)}, which is not listed")
        for key, count in used.items()
        if key not in categories
    ]


def _cut(text: str) -> str:
    return repr(text[:LONGEST_SHOWN])
