"""Folders of classes, as ImageNet and Keras have them: CLASS/*.png, or train/CLASS/*.png, val/ (valid/) and test/."""

from __future__ import annotations

from pathlib import Path

from codesign.data.findings import NO_EXAMPLES, UNREAD, Finding
from codesign.data.formats.base import WHOLE, Entry, Listing, below, numbered, short, split_of_folder
from codesign.data.pictures import SUFFIXES

TASKS = ("classification",)
TITLE = "folders of classes"


def is_here(path: Path, task: str) -> bool:
    """Whether a folder holds folders of pictures that are not called like splits."""
    if not path.is_dir():
        return False
    named = [folder for _, part in _parts(path) for folder in _folders(part) if _holds_pictures(folder)]
    return len({folder.name for folder in named}) > 1 and not any(split_of_folder(f.name) for f in named)


def read(path: Path, task: str) -> Listing:
    """All splits, classes in the order of their names."""
    listing = Listing("folders", path)
    names: set[str] = set()
    for split, part in _parts(path):
        listing.splits.setdefault(split, [])
        for folder in _folders(part):
            name = folder.name
            names.add(name)
            files = below(folder, *SUFFIXES)
            for file in files:
                listing.add(split, Entry(file, short(file, path), (name,)))
            if not files:
                listing.findings.append(Finding(NO_EXAMPLES, short(folder, path), "holds no picture"))
            listing.findings += [Finding(UNREAD, short(file, path)) for file in _others(folder)]
        listing.findings += [Finding(UNREAD, short(file, path)) for file in sorted(part.iterdir()) if _is_picture(file)]
    listing.classes = sorted(names, key=numbered)
    return listing


def _parts(path: Path) -> list[tuple[str, Path]]:
    """Folders of the splits, if one is of training; else the one folder."""
    path = _unwrapped(path)
    found = [(split, _unwrapped(f)) for f in _folders(path) if (split := split_of_folder(f.name))]
    parted = any(split == "train" and _folders(folder) for split, folder in found)
    return found if parted else [(WHOLE, path)]


def _unwrapped(path: Path) -> Path:
    """The folder itself, or the one inside that an archive has put all into."""
    inside = _folders(path)
    if len(inside) == 1 and _folders(inside[0]) and not any(map(_is_picture, path.iterdir())):
        return _unwrapped(inside[0])
    return path


def _folders(path: Path) -> list[Path]:
    return sorted(f for f in path.iterdir() if f.is_dir() and not f.name.startswith((".", "__MACOSX")))


def _holds_pictures(folder: Path) -> bool:
    return any(_is_picture(file) for file in folder.rglob("*"))


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def _others(folder: Path) -> list[Path]:
    """Files that are no pictures by their names."""
    hidden = (".", "Thumbs.db", "desktop.ini")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [file for file in files if file.suffix.lower() not in SUFFIXES and not file.name.startswith(hidden)]
