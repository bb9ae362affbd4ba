"""Pascal VOC: one XML file a picture.

Annotations/NAME.xml, JPEGImages/, ImageSets/Main/{train,val,trainval,test}.txt
                  a VOC folder; names in the lists may have blanks
VOC2007/ VOC2012/ a devkit of such folders: all years together, but of VOC2007's `test` alone where there is one,
                  since that of the other years has no public annotations
any other place   XML files beside their pictures or apart from them, as LabelImg, CVAT and Roboflow write them;
                  folders called train, val (valid) and test are splits
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import numpy as np
from defusedxml import DefusedXmlException

from codesign.data.findings import NO_ANNOTATION, NO_BOX, NOT_FOLLOWED, STALE, TWICE, UNREADABLE, Finding
from codesign.data.formats.base import (
    LONGEST_SHOWN,
    SPLIT_NAMES,
    Entry,
    Listing,
    Pictures,
    below,
    short,
    size_of,
    split_in,
    text_of,
)
from codesign.errors import DataError
from codesign.reading import MIB, read_bytes

TASKS = ("detection",)
TITLE = "Pascal VOC"

TESTED = "VOC2007"
"""The year of a devkit whose `test` has public annotations."""
ANNOTATION_BYTES = 16 * MIB
"""Largest annotation: of one picture."""
LONGEST_NAME = 200
"""Characters of an image's name: file systems take 255 bytes, its suffix included."""
FLAGS = ("-1", "0", "1")
"""What lists of one class put behind a name."""


def is_here(path: Path, task: str) -> bool:
    """Whether a folder holds annotations of the kind."""
    if not path.is_dir():
        return False
    if _folders(path):
        return True
    return any(_is_annotation(file) for file in below(path, ".xml"))


def read(path: Path, task: str) -> Listing:
    """All splits of a folder of any of the layouts."""
    listing = Listing("voc", path)
    folders = _folders(path)
    if not folders:
        pictures = Pictures(path)
        for file in below(path, ".xml"):
            if _is_annotation(file):
                _add(listing, file, pictures, split_in(file.parent, path), file.stem)
        return _judged(listing).complete(pictures)
    for folder in folders:
        pictures = Pictures(folder)
        for split, names in _lists(folder, listing).items():
            if split == "test" and folder.name != TESTED and any(other.name == TESTED for other in folders):
                continue
            for name in names:
                _add(listing, folder / "Annotations" / f"{name}.xml", pictures, split, name)
    return _judged(listing).complete()


def _folders(path: Path) -> list[Path]:
    """VOC folders with lists: the one at `path`, or those below, as of a devkit."""
    below_it = (found.parent for depth in ("*", "*/*") for found in path.glob(f"{depth}/Annotations"))
    candidates = [path] if (path / "Annotations").is_dir() else sorted(below_it)
    return [folder for folder in candidates if any(_list_files(folder))]


def _list_files(folder: Path) -> dict[str, Path]:
    """Lists of the splits, not those of classes."""
    main = folder / "ImageSets" / "Main"
    return {SPLIT_NAMES[file.stem]: file for file in sorted(main.glob("*.txt")) if file.stem in SPLIT_NAMES}


def _lists(folder: Path, listing: Listing) -> dict[str, list[str]]:
    found = {}
    for split, file in _list_files(folder).items():
        where = short(file, listing.root)
        names = [_name(line.strip(), folder) for line in text_of(file).splitlines() if line.strip()]
        # A list must not reach outside its folder.
        outside = [n for n in names if n != Path(n).name or n == ".." or "\0" in n or len(n.encode()) > LONGEST_NAME]
        listing.findings += [
            Finding(NOT_FOLLOWED, where, f"{name[:LONGEST_SHOWN]!r} is not the name of an image") for name in outside
        ]
        twice = [name for name, count in Counter(names).items() if count > 1]
        listing.findings += [Finding(TWICE, where, f"lists {name[:LONGEST_SHOWN]} twice") for name in twice]
        found[split] = [name for name in dict.fromkeys(names) if name not in outside]
        listing.splits.setdefault(split, [])
    return found


def _name(line: str, folder: Path) -> str:
    """A line's name: all of it, blanks included, but for the flag that lists of one class put behind it."""
    name, _, flag = line.rpartition(" ")
    if flag in FLAGS and name and not (folder / "Annotations" / f"{line}.xml").is_file():
        return name.strip()
    return line


def _is_annotation(file: Path) -> bool:
    try:
        return b"<annotation" in read_bytes(file, DataError, limit=ANNOTATION_BYTES)[:2000]
    except (DataError, FileNotFoundError):
        return False


def _add(listing: Listing, file: Path, pictures: Pictures, split: str, name: str) -> None:
    """Adds the entry of an annotation, or what is wrong with it."""
    where = short(file, listing.root)
    try:
        root = _parse(file)
    except DataError as error:
        kind = NO_ANNOTATION if "missing" in error.what else UNREADABLE
        listing.findings.append(Finding(kind, where, error.what))
        return
    picture = _picture(root, file, pictures, name, split, listing)
    if isinstance(picture, Finding):
        listing.findings.append(picture)
        return
    boxes, names, difficult = [], [], []
    for item in root.findall("object"):
        box = _box(item)
        if box is None:
            lacks = "a box lacks a number in xmin, ymin, xmax or ymax"
            listing.findings.append(Finding(NO_BOX, where, lacks))
            continue
        boxes.append(box)
        names.append((item.findtext("name") or "").strip())
        difficult.append(item.findtext("difficult", "0").strip() == "1")
    entry = Entry(
        picture,
        where,
        tuple(names),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(difficult, bool),
        size_of(root.findtext("size/width"), root.findtext("size/height")),
        origin=1,
    )
    listing.add(split, entry)


def _parse(file: Path) -> Element:
    try:
        root: Element = defusedxml.ElementTree.fromstring(read_bytes(file, DataError, limit=ANNOTATION_BYTES))
        return root
    except FileNotFoundError as error:
        raise DataError("annotation is missing", where=str(file)) from error
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:  # of encodings, the last two
        raise DataError(f"not readable as XML ({error})", where=str(file)) from error


def _picture(root: Element, file: Path, pictures: Pictures, name: str, split: str, listing: Listing) -> Path | Finding:
    """The picture called like the annotation; else the one that it names, which may be stale."""
    where, told = short(file, listing.root), (root.findtext("filename") or "").strip()
    found = pictures.find(name, file, split)
    if told and len(found) != 1:
        found = pictures.find(told, file, split) or found
    elif told and Path(told.replace("\\", "/")).stem not in (name, Path(name).stem) and Path(told).name != name:
        listing.findings.append(Finding(STALE, where, f"<filename> is {told[:LONGEST_SHOWN]}, not {found[0].name}"))
    if len(found) == 1:
        return found[0]
    return pictures.one(name if not told or found else told, file, split, where)


def _box(item: Element) -> tuple[float, float, float, float] | None:
    """VOC counts pixels from 1 and includes the last, so that the end needs no shift."""
    try:
        x0, y0, x1, y1 = (float(item.findtext(f"bndbox/{key}", "missing")) for key in ("xmin", "ymin", "xmax", "ymax"))
    except ValueError:
        return None
    return x0, y0, x1, y1


def _judged(listing: Listing) -> Listing:
    """Several annotations of one picture are a mistake."""
    for entries in listing.splits.values():
        sources: dict[Path, str] = {}
        for entry in entries:
            other = sources.setdefault(entry.file, entry.source)
            if other != entry.source:
                listing.findings.append(
                    Finding(TWICE, entry.source, f"and {other} name one picture, {entry.file.name}")
                )
    return listing
