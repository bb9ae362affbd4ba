"""What every format is read into, and how the pictures that it names are found."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np

from codesign.data.findings import AMBIGUOUS, NO_PICTURE, UNLISTED, Finding
from codesign.data.pictures import SUFFIXES
from codesign.errors import DataError
from codesign.reading import read_bytes

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "trainval": "trainval",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_SPLIT = re.compile(rf"(?<![a-z])({'|'.join(sorted(SPLIT_NAMES, key=len, reverse=True))})(?![a-z])")
_SPLIT_FOLDER = re.compile(
    rf"(?:(?:obj|seg|images?|labels?|annotations?|data|my)[_-])?({'|'.join(SPLIT_NAMES)})(?:[_-]?(?:set|data|images?|\d{{4}}))?"
)
WHOLE = ""
"""The split of a set that is not parted."""

LONGEST_SHOWN = 60
"""Characters of a file's content that an error shows."""

NO_BOXES = np.zeros((0, 4))


@dataclass(frozen=True, eq=False)
class Entry:
    """A picture as its set lists it.

    file: the picture. source: where its annotation stands. names: the class of each object. boxes: (n, 4) float64, as
        (x0, y0, x1, y1); None if the picture as a whole is of the one class in `names`.
    difficult: (n,) bool; None if no object is. size: (width, height) that the annotation gives, None if it gives none.
    relative: boxes are parts of the picture's width and height. origin: number of the first column and row.
    slack: pixels by which rounding may push a box out of its picture.
    """

    file: Path
    source: str
    names: tuple[str, ...] = ()
    boxes: np.ndarray | None = None
    difficult: np.ndarray | None = None
    size: tuple[float, float] | None = None
    relative: bool = False
    origin: int = 0
    slack: float = 0.0


@dataclass(eq=False)
class Listing:
    """A set as its format lists it.

    splits: pictures by `train`, `val`, `trainval`, `test`, or `WHOLE` if it is not parted. classes: in the format's own
    order, or sorted where it has none; those that only objects name are among them.
    """

    format: str
    root: Path
    splits: dict[str, list[Entry]] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, split: str, entry: Entry) -> None:
        self.splits.setdefault(split, []).append(entry)

    def complete(self, pictures: Pictures | None = None) -> Listing:
        """Adds classes that only objects name, and what of the folder's pictures is not listed."""
        named = {name for entries in self.splits.values() for entry in entries for name in entry.names}
        self.classes += sorted(named - set(self.classes), key=numbered)
        if pictures is not None:
            used = {entry.file for entries in self.splits.values() for entry in entries}
            unlisted = [file for file in pictures.files if file not in used]
            self.findings += [Finding(UNLISTED, short(file, self.root)) for file in unlisted]
        return self


def numbered(name: str) -> tuple[bool, int, str]:
    """Sorts numbers by their value and before words."""
    return (False, int(name), "") if name.isdecimal() and len(name) < 20 else (True, 0, name)


def split_of(name: str) -> str | None:
    """The split that the name of a list tells of: `instances_val2017`, `my_train_labels`."""
    found = _SPLIT.findall(name.lower())
    return SPLIT_NAMES[found[-1]] if found else None


def split_of_folder(name: str) -> str | None:
    """The split that a folder's name tells of: `valid`, `train2017`, `obj_train_data`; not `test_bench`."""
    found = _SPLIT_FOLDER.fullmatch(name.lower())
    return SPLIT_NAMES[found[1]] if found else None


def split_in(folder: Path, root: Path) -> str:
    """The split that the innermost of the folders below `root` tells of."""
    parts = folder.relative_to(root).parts if folder.is_relative_to(root) else folder.parts
    return next((split for split in map(split_of_folder, reversed(parts)) if split), WHOLE)


def short(file: Path, root: Path) -> str:
    """A file as messages name it: below the folder that the user gave."""
    return str(file.relative_to(root.parent)) if file.is_relative_to(root.parent) else str(file)


def size_of(width: str | None, height: str | None) -> tuple[float, float] | None:
    """The size that an annotation gives, None if it gives none; some tools write zeros."""
    try:
        size = float(width or 0), float(height or 0)
    except ValueError:
        return None
    return size if all(side > 0 for side in size) else None


def text_of(path: Path) -> str:
    """A text file of UTF-8, with or without a mark of byte order, else of Latin-1. Raises DataError if unreadable."""
    try:
        content = read_bytes(path, DataError)
    except FileNotFoundError as error:
        raise DataError("is missing", where=str(path), remedy="restore the file") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def below(root: Path, *suffixes: str) -> list[Path]:
    """All that has one of the suffixes, in any case, below a folder or beside a file, in order; links are followed.

    What is hidden, and what macOS leaves in archives, is passed over.
    """
    return sorted(_walk(root if root.is_dir() else root.parent, suffixes))


def _walk(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    seen = set()
    for place, folders, files in os.walk(root, followlinks=True, onerror=_unreadable):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        for name in (*folders, *files):  # a folder may be called like a picture, and is refused as one then
            if os.path.splitext(name)[1].lower() in suffixes and not name.startswith("."):
                yield Path(place, name)
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]


def _unreadable(error: OSError) -> None:
    raise DataError(
        f"cannot be read ({error.strerror})", where=str(error.filename), remedy="see that it can be"
    ) from error


class Pictures:
    """The pictures below a folder, found by what annotations call them."""

    def __init__(self, root: Path) -> None:
        self.root = root if root.is_dir() else root.parent
        self.files = below(self.root, *SUFFIXES)
        self._by_name = _indexed(self.files, lambda file: file.name)
        self._by_stem = _indexed(self.files, lambda file: file.stem)

    @cached_property
    def _by_folded(self) -> dict[str, list[Path]]:
        """Whatever the case of their letters: some systems do not tell it."""
        return _indexed(self.files, lambda file: file.name.casefold())

    def find(self, name: str, near: Path, split: str = WHOLE) -> list[Path]:
        """Those that `name` may mean, with or without its suffix or folders: one at best.

        near: the annotation's file. Folders in `name` decide first, then folders in common with `near`; pictures in the
        folder of another split than `split` are none.
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts:
            return []
        found = self._by_name.get(parts[-1]) or self._by_stem.get(parts[-1])
        found = found or self._by_folded.get(parts[-1].casefold())
        if not found and PurePosixPath(parts[-1]).suffix.lower() in SUFFIXES:  # written anew in another format
            found = self._by_stem.get(PurePosixPath(parts[-1]).stem)
        fitting = [file for file in found or () if _of_split(split_in(file.parent, self.root), split)]
        if len(fitting) <= 1:
            return fitting
        folders = [part for part in parts[:-1] if part not in ("/", ".", "..")]
        hints = {*near.parent.parts, near.stem.removeprefix("instances_"), split}
        rated = [((_shared_end(file.parent.parts, folders), len(hints & set(file.parts))), file) for file in fitting]
        best = max(rate for rate, _ in rated)
        return [file for rate, file in rated if rate == best]

    def one(self, name: str, near: Path, split: str, where: str) -> Path | Finding:
        """The one picture that `name` means, or what is wrong with it."""
        found = self.find(name, near, split)
        if len(found) == 1:
            return found[0]
        shown = name[:LONGEST_SHOWN]
        if not found:
            return Finding(NO_PICTURE, where, f"image is missing: {shown}")
        several = ", ".join(short(file, self.root) for file in found[:3])
        return Finding(AMBIGUOUS, where, f"{shown} may be any of {several}")


def _indexed(files: list[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        found[key(file)].append(file)
    return dict(found)


def _of_split(folder: str, split: str) -> bool:
    return not folder or not split or folder == split or {folder, split} in ({"train", "trainval"}, {"val", "trainval"})


def _shared_end(folders: tuple[str, ...], wanted: list[str]) -> int:
    """How many of the last folders are as wanted."""
    count = 0
    while count < min(len(folders), len(wanted)) and folders[-1 - count] == wanted[-1 - count]:
        count += 1
    return count
